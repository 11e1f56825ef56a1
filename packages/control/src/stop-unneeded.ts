import { sql } from "@reluctant/db";
import { announce, stageRunChanged } from "./announce.ts";
import { askToStop, type StopRequest } from "./ask-to-stop.ts";
import type { CommandTx } from "./commit.ts";

/**
 * Ends those of the given stage runs that no trial waits for any more. One with a running attempt is asked to stop and
 * stays active until its worker has let go: the slot is not free before.
 * Locks first and looks afterwards, so a need that another transaction adds meanwhile is seen.
 */
export async function stopUnneeded(t: CommandTx, stageRunIds: string[], request: StopRequest): Promise<void> {
  const locked = await t.many(sql.lockUnfinishedStageRuns, { stageRunIds });
  const unneeded = await t.many(sql.unneededStageRuns, { stageRunIds: idsOf(locked) });
  await askToStop(
    t,
    unneeded.flatMap(({ attemptId }) => attemptId ?? []),
    request,
  );
  if (unneeded.some(({ attemptState }) => attemptState === "running")) t.concerned.add("stop");
  const { reason } = request;
  const idle = unneeded.filter(({ attemptState }) => attemptState === null || attemptState === "queued");
  await t.run(sql.cancelStageRuns, { stageRunIds: idsOf(idle), reason });
  await announce(
    t,
    idle.map(({ id, after }) => ({ ...stageRunChanged(id, "cancelled", reason), after })),
  );
}

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);
