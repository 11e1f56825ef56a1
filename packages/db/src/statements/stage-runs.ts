import type { AttemptState, ExperimentState, Failure, StageRunState } from "@reluctant/contracts";
import { experimentTransitions, statesBefore } from "@reluctant/relu";
import type { Tx } from "../database.ts";
import { move } from "../move.ts";
import { statement } from "../statement.ts";

type Id = { id: string };

export const lockConsumers = statement<[stageRunId: string], Id>("lock-consumers");
export const unblockStageRuns = statement<[stageRunIds: string[]], { id: string; state: StageRunState }>(
  "unblock-stage-runs",
);
export const lockUnfinishedStageRuns = statement<[stageRunIds: string[]], { id: string; state: StageRunState }>(
  "lock-unfinished-stage-runs",
);
export const unneededStageRuns = statement<
  [stageRunIds: string[]],
  { id: string; state: StageRunState; attemptId: string | null; attemptState: AttemptState | null }
>("unneeded-stage-runs");
export const cancelStageRuns = statement<[stageRunIds: string[], reason: string], never>("cancel-stage-runs");
export const requeueStageRun = move<[failures: number, failedStep: number, delaySeconds: number]>("requeue-stage-run");
export const trialsThatNeed = statement<[stageRunId: string], Id>("trials-that-need");
export const releaseNeedsOfTrials = statement<[trialIds: string[]], Id>("release-needs-of-trials");
export const releaseNeedsOfExperiment = statement<[experimentId: string], Id>("release-needs-of-experiment");
export const lockExperimentsOf = statement<[stageRunIds: string[]], Id>("lock-experiments-of-stage-runs");
export const finishExperimentRows = statement<
  [experimentIds: string[]],
  { id: string; teamId: string; state: "finished" | "failed"; reason: string | null }
>("finish-experiments");
export const lockExperiment = statement<[experimentId: string], { id: string; state: ExperimentState; teamId: string }>(
  "lock-experiment",
);
const endExperiment = move<[state: "cancelled" | "failed", reason: string, from: ExperimentState[]]>("end-experiment");
export const endExperimentRow = (
  t: Tx,
  experimentId: string,
  state: "cancelled" | "failed",
  reason: string,
): Promise<void> => endExperiment(t, experimentId, state, reason, statesBefore(experimentTransitions, state));
export const latestOutcomes = statement<
  [stageRunId: string, count: number],
  { id: string; teamId: string; outcomes: (Failure | null)[] }
>("latest-outcomes");
/** `method` null: the trial's, with its budget. `macs` null: the model's. */
export const putFrontierPoint = statement<
  [
    stageRunId: string,
    variant: string,
    method: string | null,
    reluCount: number,
    macs: number | null,
    validationAccuracy: number,
    testAccuracy: number,
  ],
  Id
>("put-frontier-point");
export const appendEventRows = statement<[events: string], never>("append-events");
export const appendExperimentEventRows = statement<[events: string], never>("append-experiment-events");
export const liveNeedsOf = statement<[stageRunId: string], Id>("live-needs");
export const succeedStageRunRow = move<[result: string]>("succeed-stage-run");
export const failStageRunRow = move<[reason: string, failures: number]>("fail-stage-run");
/** `budget` null: the one that the search was asked for. */
export const putMask = statement<
  [stageRunId: string, variant: string, sha256: string, budget: number | null, reluCount: number],
  never
>("put-mask");
export const lockStageRunsOfExperiment = statement<[experimentId: string], Id>("lock-stage-runs-of-experiment");
