import type { AttemptState } from "@reluctant/contracts";
import {
  billAttempt,
  cancelStageRuns,
  endAttemptRow,
  failStageRunRow,
  type LockedAttempt,
  liveNeedsOf,
  releaseNeedsOfTrials,
  requeueStageRun,
  type Tx,
  trialsThatNeed,
} from "@reluctant/db";
import { afterEnding, type Ending, shareHalfLifeSeconds } from "@reluctant/relu";
import { announce, attemptChanged, stageRunChanged } from "./announce.ts";
import { breakExperiments } from "./break-experiments.ts";
import { finishExperiments } from "./finish-experiments.ts";
import { stopUnneeded } from "./stop-unneeded.ts";

/** Whether a writer that holds `epoch` still owns the attempt. */
export const mayWrite = (attempt: LockedAttempt | undefined, epoch: number): attempt is LockedAttempt =>
  attempt !== undefined && attempt.epoch === epoch && (attempt.state === "running" || attempt.state === "stopping");

/**
 * Ends a running attempt without a result and decides what becomes of its stage run: ready for the next attempt,
 * failed with every trial that needs it, or cancelled when nobody needs it any more.
 */
export async function endAttempt(
  t: Tx,
  attempt: LockedAttempt,
  ending: Ending | { as: "cancelled" },
  { reason, step }: { reason: string | null; step: number | null },
): Promise<void> {
  const failure = ending.as === "failed" ? ending.failure : null;
  // A slot that fell silent is not charged for the silence.
  if (ending.as !== "lost") await billAttempt(t, attempt.id, shareHalfLifeSeconds);
  await endAttemptRow(
    t,
    attempt.id,
    ending.as satisfies AttemptState,
    reason,
    failure && JSON.stringify(failure),
    step,
  );
  await announce(t, [attemptChanged({ ...attempt, step: step ?? attempt.step }, ending.as, reason)]);
  await settleStageRun(t, attempt, ending.as === "cancelled" ? { as: "preempted" } : ending);
}

/** Decides what becomes of a stage run whose attempt has ended. */
export async function settleStageRun(t: Tx, attempt: LockedAttempt, ending: Ending): Promise<void> {
  const { stageRunId } = attempt;
  const [needed] = await liveNeedsOf(t, stageRunId);
  if (!needed) {
    await cancelStageRuns(t, [stageRunId], "no trial needs it any more");
    return announce(t, [stageRunChanged(stageRunId, "cancelled", "no trial needs it any more")]);
  }
  const next = afterEnding(ending, attempt);
  if (next.becomes === "failed") return failStageRun(t, stageRunId, next.reason, next.failures);
  await requeueStageRun(t, stageRunId, next.failures, next.failedStep, next.delaySeconds);
  await announce(t, [stageRunChanged(stageRunId, "ready")]);
}

/** Fails a stage run and with it every trial that needs it; what only those trials needed stops. */
async function failStageRun(t: Tx, stageRunId: string, reason: string, failures: number): Promise<void> {
  await failStageRunRow(t, stageRunId, reason, failures);
  await announce(t, [stageRunChanged(stageRunId, "failed", reason)]);
  const trials = await trialsThatNeed(t, stageRunId);
  const waitedFor = await releaseNeedsOfTrials(
    t,
    trials.map(({ id }) => id),
  );
  await stopUnneeded(
    t,
    waitedFor.map(({ id }) => id),
    { how: "checkpoint", reason: `a stage that its trials need failed: ${reason}`.slice(0, 2_000) },
  );
  await breakExperiments(t, stageRunId);
  await finishExperiments(t, [stageRunId]);
}
