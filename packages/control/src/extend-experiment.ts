import { type ExperimentSummary, type Extension, ReluctantError } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { requireRole } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { refuseUnfitMasks } from "./given-masks.ts";
import {
  auditExperiment,
  findOwnExperiment,
  lockAsFound,
  Overtaken,
  type OwnExperiment,
  reopenExperiment,
} from "./own-experiment.ts";
import { extended, planFor, pointOf, type Revision, refusePaused, revisionsOf } from "./revise-experiment.ts";
import { connectStageRuns, finishWhereAllIsThere, writeStageRuns } from "./write-stage-runs.ts";
import { planOf, writeTrials } from "./write-trials.ts";

interface ExtendExperiment {
  identity: Caller;
  experimentId: string;
  extension: Extension;
}

/**
 * Adds methods, budgets or seeds to an experiment, finished or not: the next revision of its spec, and the trials that it has
 * more than the one before. Those that are there stay as they are.
 * @throws ReluctantError `invalid-spec` that names each field at fault; `conflict` where nothing comes of it, where the
 * experiment is paused, or where it failed or was cancelled
 */
export async function extendExperiment(
  deps: Deps,
  { identity, experimentId, extension }: ExtendExperiment,
): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  await refuseMasks(deps, { identity, experimentId, extension });
  return commit(deps, async (t) => {
    const experiment = await findOwnExperiment(t, identity, experimentId);
    refuseUnlessOpen(experiment);
    const { sent, spec } = extended(await latestOf(t, experimentId), extension);
    const whole = await planFor(t, { identity, experiment }, spec);
    const there = await t.many(sql.pointsOfExperiment, { experimentId });
    const known = new Set(there.map(pointOf));
    const plan = planOf(
      whole,
      whole.trials.filter((trial) => !known.has(pointOf(trial))),
    );
    if (plan.trials.length === 0)
      throw new ReluctantError("conflict", `experiment ${experimentId} has all of these trials already`);
    const runs = await writeStageRuns(t, plan, experiment);
    await lockAsFound(t, experiment);
    if ((await t.many(sql.pointsOfExperiment, { experimentId })).length !== there.length)
      throw new Overtaken("another extension came first");
    await t.run(sql.insertRevision, { experimentId, spec: sent, parsed: spec });
    await connectStageRuns(t, plan, runs);
    await writeTrials(t, { experimentId, first: there.length }, plan, runs);
    await reopenExperiment(t, experiment);
    await auditExperiment(t, identity, { action: "extend", experimentId, detail: { trials: plan.trials.length } });
    await finishWhereAllIsThere(t, runs);
    return experimentSummary(t, experimentId);
  });
}

/**
 * Reads an artifact, and so before the transaction. Another extension that comes between changes nothing of it: masks stay, and
 * its own budgets were judged with it.
 */
async function refuseMasks(deps: Deps, { identity, experimentId, extension }: ExtendExperiment): Promise<void> {
  const experiment = await findOwnExperiment(deps.db, identity, experimentId);
  refuseUnlessOpen(experiment);
  const { spec } = extended(await latestOf(deps.db, experimentId), extension);
  await refuseUnfitMasks(deps, { ...identity, teamId: experiment.teamId }, spec);
}

const latestOf = async (t: Statements, experimentId: string): Promise<Revision> =>
  (await revisionsOf(t, experimentId)).at(-1) as Revision;

function refuseUnlessOpen(experiment: OwnExperiment): void {
  refusePaused(experiment);
  if (experiment.state === "failed" || experiment.state === "cancelled")
    throw new ReluctantError("conflict", `experiment ${experiment.id} is ${experiment.state}: retry it first`);
}
