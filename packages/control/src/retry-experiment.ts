import { type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { requireRole } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { finishExperiments } from "./finish-experiments.ts";
import { auditExperiment, lockOwnExperiment, reopenExperiment } from "./own-experiment.ts";
import { latestRevision, planFor, pointOf, refusePaused } from "./revise-experiment.ts";
import { inBatches } from "./slices.ts";
import { connectStageRuns, writeStageRuns } from "./write-stage-runs.ts";
import { newNeeds, planOf } from "./write-trials.ts";

/**
 * Runs again what failed or was cancelled of an experiment: its trials are planned anew, on the same data. A failure is never
 * cached, so they get new stage runs, and share what succeeded or runs for others.
 * @throws ReluctantError `conflict` where nothing failed or was cancelled, or it is paused
 */
export function retryExperiment(
  deps: Deps,
  { identity, experimentId }: { identity: Caller; experimentId: string },
): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const experiment = await lockOwnExperiment(t, identity, experimentId);
    refusePaused(experiment);
    const ended = await t.many(sql.trialsToRetry, { experimentId });
    if (ended.length === 0)
      throw new ReluctantError("conflict", `no trial of experiment ${experimentId} failed or was cancelled`);
    const whole = await planFor(t, { identity, experiment }, (await latestRevision(t, experimentId)).spec);
    const ids = new Map(ended.map((trial) => [pointOf(trial), trial.id]));
    const plan = planOf(
      whole,
      whole.trials.filter((trial) => ids.has(pointOf(trial))),
    );
    const runs = await writeStageRuns(t, plan, experiment.pool);
    await connectStageRuns(t, plan, runs);
    const needsOf = newNeeds(runs);
    for (const batch of inBatches(plan.trials))
      await t.run(sql.renewNeeds, {
        needs: batch.flatMap((trial) => needsOf(ids.get(pointOf(trial)) as string, trial.stageKeys)),
      });
    await reopenExperiment(t, experiment);
    await auditExperiment(t, identity, { action: "retry", experimentId, detail: { trials: ended.length } });
    const [anyRun] = runs.values();
    if (anyRun) await finishExperiments(t, anyRun.id); // others may have done meanwhile what failed here
    return experimentSummary(t, experimentId);
  });
}
