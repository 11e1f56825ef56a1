import { lockUnfinishedStageRuns, setStageRunsState, stopAttempts, type Tx, unneededStageRuns } from "@reluctant/db";
import { announce, attemptChanged, type Change, stageRunChanged } from "./announce.ts";

/**
 * Ends those of the given stage runs that no trial waits for any more. One with a running attempt is asked to stop and
 * stays active until its worker has let go: the slot is not free before.
 * Locks first and looks afterwards, so a need that another transaction adds meanwhile is seen.
 */
export async function stopUnneeded(t: Tx, stageRunIds: string[], reason: string): Promise<void> {
  const locked = await lockUnfinishedStageRuns(t, stageRunIds);
  const unneeded = await unneededStageRuns(
    t,
    locked.map(({ id }) => id),
  );
  const idle = unneeded.filter(({ attemptState }) => attemptState === null || attemptState === "queued");
  const changes: Change[] = [];
  for (const attempt of await stopAttempts(
    t,
    unneeded.flatMap(({ attemptId }) => attemptId ?? []),
    reason,
  )) {
    changes.push(attemptChanged(attempt, attempt.state, reason));
  }
  await setStageRunsState(
    t,
    idle.map(({ id }) => id),
    "cancelled",
    reason,
  );
  for (const { id } of idle) changes.push(stageRunChanged(id, "cancelled", reason));
  await announce(t, changes);
}
