import { type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { requireRole } from "./authorize.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import {
  auditExperiment,
  findOwnExperiment,
  lockAsFound,
  Overtaken,
  type OwnExperiment,
  reopenExperiment,
} from "./own-experiment.ts";
import type { PlannedSpec } from "./plan-spec.ts";
import { planFor, pointOf, refusePaused, revisionsOf } from "./revise-experiment.ts";
import { inBatches } from "./slices.ts";
import { connectStageRuns, finishWhereAllIsThere, writeStageRuns } from "./write-stage-runs.ts";
import { newNeeds, planOf, together } from "./write-trials.ts";

/** Each point as the first revision had it: the stages of a descent are of all budgets of their spec. */
async function planPoints(
  t: CommandTx,
  who: { identity: Caller; experiment: OwnExperiment },
  points: Set<string>,
): Promise<PlannedSpec> {
  const plans: PlannedSpec[] = [];
  for (const { spec } of await revisionsOf(t, who.experiment.id)) {
    const whole = await planFor(t, who, spec);
    const own = whole.trials.filter((trial) => points.delete(pointOf(trial)));
    plans.push(planOf(whole, own));
    if (points.size === 0) break;
  }
  return plans.reduce(together);
}

/**
 * Plans these trials of an experiment (found, not locked) anew, on the same data. A failure is never cached, so they get new
 * stage runs, and share what succeeded or runs for others.
 * @throws Overtaken when another retry came first
 */
export async function retryTrials(
  t: CommandTx,
  { identity, experiment }: { identity: Caller; experiment: OwnExperiment },
  ended: readonly { id: string; method: string; budget: number | null; seed: number }[],
): Promise<void> {
  const { id: experimentId } = experiment;
  const ids = new Map(ended.map((trial) => [pointOf(trial), trial.id]));
  const plan = await planPoints(t, { identity, experiment }, new Set(ids.keys()));
  if (plan.trials.length === 0)
    throw new ReluctantError(
      "conflict",
      `what failed of experiment ${experimentId} can no longer be planned: submit it anew`,
    );
  const runs = await writeStageRuns(t, plan, experiment);
  await lockAsFound(t, experiment);
  const still = new Set((await t.many(sql.trialsToRetry, { experimentId })).map(({ id }) => id));
  if (ended.some(({ id }) => !still.has(id))) throw new Overtaken("another retry came first");
  await connectStageRuns(t, plan, runs);
  const needsOf = newNeeds(runs);
  for (const batch of inBatches(plan.trials))
    await t.run(sql.renewNeeds, {
      needs: batch.flatMap((trial) => needsOf(ids.get(pointOf(trial)) as string, trial.stageKeys)),
    });
  await reopenExperiment(t, experiment);
  await finishWhereAllIsThere(t, runs);
}

/**
 * Runs again what failed or was cancelled of an experiment.
 * @throws ReluctantError `conflict` where nothing failed or was cancelled, or it is paused
 */
export function retryExperiment(
  deps: Deps,
  { identity, experimentId }: { identity: Caller; experimentId: string },
): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const experiment = await findOwnExperiment(t, identity, experimentId);
    refusePaused(experiment);
    const ended = await t.many(sql.trialsToRetry, { experimentId });
    if (ended.length === 0)
      throw new ReluctantError("conflict", `no trial of experiment ${experimentId} failed or was cancelled`);
    await retryTrials(t, { identity, experiment }, ended);
    await auditExperiment(t, identity, { action: "retry", experimentId, detail: { trials: ended.length } });
    return experimentSummary(t, experimentId);
  });
}
