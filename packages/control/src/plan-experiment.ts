import type { ExperimentSpec, PlanAnswer } from "@reluctant/contracts";
import { liveStageRuns, throughputRows } from "@reluctant/db";
import { checkpointBytes, inputShape, reluCount } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";
import { type PlannedSpec, planSpec, refuseUnknownArtifacts } from "./plan-spec.ts";

/** What a spec would become if it were submitted now, and what that takes by what was measured. Writes nothing. */
export async function planExperiment(
  deps: Deps,
  { identity, spec }: { identity: Caller; spec: ExperimentSpec },
): Promise<PlanAnswer> {
  await refuseUnknownArtifacts(deps, identity, spec);
  const plan = await planSpec(deps.db.prisma, identity, spec);
  const [live, throughputs] = await Promise.all([liveStates(deps, plan), throughputsOf(deps, plan, spec)]);
  const trials = new Map<string, number>();
  for (const stageKey of plan.trials.flatMap(({ stageKeys }) => stageKeys))
    trials.set(stageKey, (trials.get(stageKey) ?? 0) + 1);
  return {
    datasetVersion: plan.dataset.sha256,
    reluCount: reluCount(plan.model),
    trials: plan.trials,
    stageRuns: plan.stageRuns.map(({ stageKey, kind, implementation, params, seed }) => ({
      stageKey,
      kind,
      implementation,
      steps: params.steps,
      images: params.steps * params.settings.batchSize,
      seed,
      trials: trials.get(stageKey) ?? 0,
      checkpointBytes: Math.ceil(checkpointBytes(plan.model, params)),
      throughput: throughputs.get(implementation) ?? null,
      known: knownAs(live.get(stageKey)),
    })),
  };
}

async function liveStates({ db }: Deps, { stageRuns, scopes }: PlannedSpec): Promise<Map<string, string>> {
  const keys = stageRuns.map(({ stageKey }) => ({ stageKey, scopeTeamId: scopes.get(stageKey) ?? null }));
  return new Map((await liveStageRuns(db.prisma, JSON.stringify(keys))).map((run) => [run.stageKey, run.state]));
}

/** By implementation. */
async function throughputsOf({ db }: Deps, { model }: PlannedSpec, { precision, pool }: ExperimentSpec) {
  const rows = await throughputRows(db.prisma, model.name, [...inputShape(model)], precision, pool, leaseSeconds);
  return new Map(rows.map(({ implementation, ...measured }) => [implementation as string, measured]));
}

function knownAs(state: string | undefined): "cached" | "shared" | null {
  if (state === undefined) return null;
  return state === "succeeded" ? "cached" : "shared";
}
