import { randomUUID } from "node:crypto";
import { type ExperimentSpec, type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { announceExperiments } from "./announce.ts";
import { requireRole } from "./authorize.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary, newSummary } from "./experiment-summaries.ts";
import { refuseUnfitMasks } from "./given-masks.ts";
import { factsOf } from "./models.ts";
import { auditExperiment } from "./own-experiment.ts";
import { findDataset, type PlannedSpec, planSpec, refuseUnknownArtifacts } from "./plan-spec.ts";
import { connectStageRuns, finishWhereAllIsThere, isNew, writeStageRuns } from "./write-stage-runs.ts";
import { isTallied, priorityRank, writeTrials } from "./write-trials.ts";

export interface CreateExperiment {
  identity: Caller;
  spec: ExperimentSpec;
  /** The spec as the client wrote it, kept beside the parsed one. */
  rawSpec: unknown;
  /** The client's key and the SHA-256 of what it asked: the same key and body get the first answer. */
  idempotency?: { key: string; requestHash: string };
}

export interface CreatedExperiment {
  outcome: "created" | "replayed";
  experimentId: string;
  /** HTTP status and body of the (first) answer. */
  status: number;
  body: ExperimentSummary;
}

/** Expands a spec to trials, needs and stage runs, all in one transaction: the whole graph is there when it answers. */
export async function createExperiment(deps: Deps, command: CreateExperiment): Promise<CreatedExperiment> {
  const { identity, spec, idempotency } = command;
  requireRole(identity, "member");
  await refuseUnknownArtifacts(deps, identity, spec);
  await refuseUnfitMasks(deps, identity, spec);
  return commit(deps, async (t) => {
    const [first, dataset] = await Promise.all([
      idempotency && firstAnswer(t, identity, idempotency),
      findDataset(t, identity, spec.dataset),
    ]);
    if (first) return first;
    const body = await writeExperiment(t, command, await planSpec(t, identity, spec, dataset));
    const answer = { status: 202, body, experimentId: body.id };
    if (idempotency) t.send(sql.keepAnswer, { ...idempotency, teamId: identity.teamId, ...answer });
    return { outcome: "created", ...answer };
  });
}

/** The answer that this key got before; concurrent requests with one key go one after the other. */
async function firstAnswer(
  t: CommandTx,
  { teamId }: Caller,
  { key, requestHash }: { key: string; requestHash: string },
): Promise<CreatedExperiment | null> {
  const [, earlier] = await Promise.all([
    t.one(sql.lockName, { name: `idempotency ${teamId} ${key}` }),
    t.maybe(sql.firstAnswer, { teamId, key }),
  ]);
  if (!earlier) return null;
  if (earlier.requestHash !== requestHash) {
    throw new ReluctantError("idempotency-mismatch", `Idempotency-Key "${key}" was used with another body`, [
      { field: "Idempotency-Key", message: "was used with another body; choose a new one" },
    ]);
  }
  const { experimentId, status, body } = earlier;
  return { outcome: "replayed", experimentId, status, body };
}

/** In two trips to Postgres where all its stage runs are new: one that tells so, and one that ends with the commit. */
async function writeExperiment(
  t: CommandTx,
  { identity, spec, rawSpec }: CreateExperiment,
  plan: PlannedSpec,
): Promise<ExperimentSummary> {
  const { teamId, name: owner } = identity;
  const experimentId = randomUUID();
  const where = { pool: spec.pool, resources: spec.resources ?? {} };
  const [{ createdAt }, runs] = await Promise.all([
    t.one(sql.insertExperiment, {
      experimentId,
      teamId,
      owner,
      name: spec.name,
      priority: priorityRank(spec.priority),
      ...where,
      datasetVersion: plan.dataset.version,
      model: plan.model.name,
      ...factsOf(plan.model),
      recipe: spec.recipe,
      granularity: spec.granularity,
      precision: spec.precision,
      spec: rawSpec,
      parsed: spec,
    }),
    writeStageRuns(t, plan, where),
  ]);
  const cached = [...runs.values()].filter(({ origin }) => origin === "cached").length;
  const data = { name: spec.name, trials: plan.trials.length, stageRuns: runs.size, cached };
  await connectStageRuns(t, plan, runs);
  await writeTrials(t, { experimentId, first: 0 }, plan, runs);
  announceExperiments(t, [{ teamId, experimentId, type: "experiment.submitted", data }]);
  auditExperiment(t, identity, { action: "create", experimentId, detail: data });
  await finishWhereAllIsThere(t, runs);
  if (isTallied(plan.trials.length)) t.send(sql.countTally, { experimentId, snapshot: null });
  if (![...runs.values()].every(isNew)) return experimentSummary(t, experimentId);
  return newSummary({ id: experimentId, owner, createdAt }, spec, plan);
}
