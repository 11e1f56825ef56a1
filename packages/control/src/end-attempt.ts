import { sql, type Tx, type ValuesOf } from "@reluctant/db";
import { afterEnding, attemptTransitions, type Ending, statesBefore } from "@reluctant/relu";
import { announce, attemptChanged, stageRunChanged } from "./announce.ts";
import { breakExperiments } from "./break-experiments.ts";
import type { CommandTx } from "./commit.ts";
import { finishExperiments } from "./finish-experiments.ts";
import { stopUnneeded } from "./stop-unneeded.ts";

/** Whether a writer that holds `epoch` still owns the attempt. */
export const mayWrite = <A extends Pick<sql.LockedAttempt, "epoch" | "state">>(
  attempt: A | null | undefined,
  epoch: number,
): attempt is A =>
  attempt != null && attempt.epoch === epoch && (attempt.state === "running" || attempt.state === "stopping");

/** Moves an attempt to its end. @throws WrongRowCount when it is in no state that may be left so */
export async function closeAttempt(t: Tx, end: Omit<ValuesOf<typeof sql.endAttempt.takes>, "from">): Promise<void> {
  await t.one(sql.endAttempt, { ...end, from: statesBefore(attemptTransitions, end.state) });
}

/**
 * Ends a running attempt without a result and decides what becomes of its stage run: ready for the next attempt,
 * failed with every trial that needs it, or cancelled when nobody needs it any more.
 */
export async function endAttempt(
  t: CommandTx,
  attempt: sql.LockedAttempt,
  ending: Ending | { as: "cancelled" },
  { reason, step }: { reason: string | null; step: number | null },
): Promise<void> {
  const { id: attemptId } = attempt;
  const failure = ending.as === "failed" ? ending.failure : null;
  // A slot that fell silent is not charged for the silence.
  if (ending.as !== "lost") await t.run(sql.billAttempt, { attemptId });
  await closeAttempt(t, { attemptId, state: ending.as, reason, failure, step });
  await announce(t, [attemptChanged({ ...attempt, step: step ?? attempt.step }, ending.as, reason)]);
  await settleStageRun(t, attempt, ending.as === "cancelled" ? { as: "preempted" } : ending);
}

/** Decides what becomes of a stage run whose attempt has ended. */
export async function settleStageRun(t: CommandTx, attempt: sql.LockedAttempt, ending: Ending): Promise<void> {
  const { stageRunId } = attempt;
  const { needed } = await t.one(sql.isNeeded, { stageRunId });
  if (!needed) {
    const reason = "no trial needs it any more";
    await t.run(sql.cancelStageRuns, { stageRunIds: [stageRunId], reason });
    return announce(t, [stageRunChanged(stageRunId, "cancelled", reason)]);
  }
  const next = afterEnding(ending, { ...attempt, nodeFailures: await nodeFailures(t, stageRunId, ending) });
  if (next.becomes === "failed") return failStageRun(t, stageRunId, next.reason, next.failures);
  const { failures, failedStep, delaySeconds } = next;
  await t.one(sql.requeueStageRun, { stageRunId, failures, failedStep, delaySeconds });
  await announce(t, [stageRunChanged(stageRunId, "ready")]);
}

async function nodeFailures(t: CommandTx, stageRunId: string, ending: Ending): Promise<number> {
  if (ending.as !== "failed" || ending.failure.fault !== "node") return 0;
  return (await t.one(sql.nodeFailures, { stageRunId })).count;
}

/** Fails a stage run and with it every trial that needs it; what only those trials needed stops. */
async function failStageRun(t: CommandTx, stageRunId: string, reason: string, failures: number): Promise<void> {
  await t.one(sql.failStageRun, { stageRunId, reason, failures });
  await announce(t, [stageRunChanged(stageRunId, "failed", reason)]);
  const trials = await t.many(sql.trialsThatNeed, { stageRunId });
  const waitedFor = await t.many(sql.releaseNeedsOfTrials, { trialIds: trials.map(({ id }) => id) });
  await stopUnneeded(
    t,
    waitedFor.map(({ id }) => id),
    { how: "checkpoint", reason: `a stage that its trials need failed: ${reason}`.slice(0, 2_000) },
  );
  await breakExperiments(t, stageRunId);
  await finishExperiments(t, [stageRunId]);
}
