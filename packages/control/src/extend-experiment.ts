import { type ExperimentSummary, type Extension, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { requireRole } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { refuseUnfitMasks } from "./given-masks.ts";
import { auditExperiment, findOwnExperiment, lockAsFound, Overtaken, reopenExperiment } from "./own-experiment.ts";
import { extended, planFor, pointOf, type Revision, refusePaused, revisionsOf } from "./revise-experiment.ts";
import { connectStageRuns, finishWhereAllIsThere, writeStageRuns } from "./write-stage-runs.ts";
import { planOf, writeTrials } from "./write-trials.ts";

/**
 * Adds methods, budgets or seeds to an experiment, finished or not: the next revision of its spec, and the trials that it has
 * more than the one before. Those that are there stay as they are.
 * @throws ReluctantError `invalid-spec` that names each field at fault; `conflict` where nothing comes of it, where the
 * experiment is paused, or where it failed or was cancelled
 */
export function extendExperiment(
  deps: Deps,
  { identity, experimentId, extension }: { identity: Caller; experimentId: string; extension: Extension },
): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const experiment = await findOwnExperiment(t, identity, experimentId);
    refusePaused(experiment);
    if (experiment.state === "failed" || experiment.state === "cancelled")
      throw new ReluctantError("conflict", `experiment ${experimentId} is ${experiment.state}: retry it first`);
    const latest = (await revisionsOf(t, experimentId)).at(-1) as Revision;
    const { sent, spec } = extended(latest, extension);
    await refuseUnfitMasks(deps, { ...identity, teamId: experiment.teamId }, spec);
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
