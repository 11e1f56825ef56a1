import {
  type ExperimentSpec,
  type ModelledCost,
  type PlanAnswer,
  piSystems,
  type StageParams,
  type Throughput,
} from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { inputShape, macCount, modelledCost, reluCount } from "@reluctant/relu";
import { registry } from "@reluctant/stages/definitions";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";
import { refuseUnfitMasks } from "./given-masks.ts";
import { findDataset, type PlannedSpec, planSpec, refuseUnknownArtifacts } from "./plan-spec.ts";
import { inBatches, inSlices } from "./slices.ts";
import { scopedKey } from "./write-stage-runs.ts";

/** What a spec would become if it were submitted now, and what that takes by what was measured. Writes nothing. */
export async function planExperiment(
  deps: Deps,
  { identity, spec }: { identity: Caller; spec: ExperimentSpec },
): Promise<PlanAnswer> {
  await refuseUnknownArtifacts(deps, identity, spec);
  await refuseUnfitMasks(deps, identity, spec);
  const plan = await planSpec(deps.db, identity, spec, await findDataset(deps.db, identity, spec.dataset));
  const [live, throughputs] = await Promise.all([liveStates(deps, plan), throughputsOf(deps, plan, spec)]);
  return inSlices(answerInSteps(plan, live, throughputs));
}

function* answerInSteps(
  plan: PlannedSpec,
  live: ReadonlyMap<string, string>,
  throughputs: ReadonlyMap<string, Throughput>,
): Generator<undefined, PlanAnswer> {
  const trials = new Map<string, number>();
  for (const { stageKeys } of plan.trials) {
    for (const stageKey of stageKeys) trials.set(stageKey, (trials.get(stageKey) ?? 0) + 1);
    yield;
  }
  const sizes = new Map<StageParams, number>(); // of parameters that many stage runs share
  const stageRuns: PlanAnswer["stageRuns"] = [];
  for (const { stageKey, kind, implementation, params, seed } of plan.stageRuns) {
    const size = sizes.get(params) ?? checkpointBytes(plan, implementation, params);
    sizes.set(params, size);
    stageRuns.push({
      stageKey,
      kind,
      implementation,
      ...lengthOf(params),
      seed,
      trials: trials.get(stageKey) ?? 0,
      checkpointBytes: size,
      throughput: throughputs.get(implementation) ?? null,
      known: knownAs(live.get(stageKey)),
    });
    yield;
  }
  return {
    datasetVersion: plan.dataset.version,
    reluCount: reluCount(plan.model),
    modelled: modelledCosts(plan),
    trials: plan.trials,
    stageRuns,
  };
}

/** Of each budget in each system; of trials without a budget, which end before one matters, nothing. */
function modelledCosts({ model, trials }: PlannedSpec): ModelledCost[] {
  const budgets = [...new Set(trials.flatMap(({ budget }) => budget ?? []))].sort((a, b) => b - a);
  const macs = macCount(model);
  return budgets.flatMap((relus) =>
    piSystems.map((system) => ({ system, reluCount: relus, ...modelledCost(system, { macs, relus }) })),
  );
}

/** Optimizer steps and the images that they take; of a measurement the images inferred, one a step. */
function lengthOf(params: StageParams): { steps: number; images: number } {
  if (params.kind === "private-inference") return { steps: params.samples, images: params.samples };
  return { steps: params.steps, images: params.steps * params.settings.batchSize };
}

function checkpointBytes({ model }: PlannedSpec, implementation: string, params: StageParams): number {
  const definition = registry.implementations[implementation];
  if (!definition) throw new Error(`the plan has ${implementation}, of which there is no definition`);
  return Math.ceil(definition.checkpointBytes(model, params));
}

async function liveStates({ db }: Deps, { stageRuns, scopes }: PlannedSpec): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  for (const batch of inBatches(stageRuns)) {
    const keys = batch.map(({ stageKey }) => scopedKey(stageKey, scopes));
    for (const { stageKey, state } of await db.many(sql.liveStageRuns, { keys })) states.set(stageKey, state);
  }
  return states;
}

/** By implementation. */
async function throughputsOf({ db }: Deps, { model }: PlannedSpec, { precision, pool }: ExperimentSpec) {
  const shape = [...inputShape(model)];
  const rows = await db.many(sql.throughputs, { model: model.name, inputShape: shape, precision, pool, leaseSeconds });
  return new Map(rows.map(({ implementation, ...row }) => [implementation, throughputOf(row)]));
}

type Measured = Omit<Throughput, "estimatedFrom"> & { measuredThreads: number };

/** A CPU is taken to be as fast as it has threads; a GPU is as fast whatever feeds it. */
function throughputOf({ measuredThreads, ...row }: Measured): Throughput {
  if (measuredThreads === row.threads) return { ...row, estimatedFrom: null };
  const scale = row.device.startsWith("cpu") ? row.threads / measuredThreads : 1;
  return { ...row, estimatedFrom: measuredThreads, imagesPerSecond: row.imagesPerSecond * scale };
}

function knownAs(state: string | undefined): "cached" | "shared" | null {
  if (state === undefined) return null;
  return state === "succeeded" ? "cached" : "shared";
}
