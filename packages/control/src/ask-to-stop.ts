import type { StopWay } from "@reluctant/contracts";
import { type RowOf, sql } from "@reluctant/db";
import { announce, attemptChanged } from "./announce.ts";
import type { CommandTx } from "./commit.ts";

/** How an attempt is asked to stop, and why. */
export interface StopRequest {
  how: StopWay;
  reason: string;
}

/** What a worker that leaves asks of its own attempt. */
export const leaving: StopRequest = { how: "checkpoint", reason: "its worker is leaving" };

/**
 * Asks attempts to stop. Those that are queued end; those that run are stopping until their workers have released them, for
 * their slots are not free before. The first request of each counts. Answers those that this one reached.
 */
export async function askToStop(
  t: CommandTx,
  attemptIds: string[],
  { how, reason }: StopRequest,
): Promise<RowOf<typeof sql.stopAttempts>[]> {
  const asked = await t.many(sql.stopAttempts, { attemptIds, how, reason });
  await announce(
    t,
    asked.map((attempt) => ({ ...attemptChanged(attempt, attempt.state, reason), after: attempt.after })),
  );
  return asked;
}
