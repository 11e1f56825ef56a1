import { type Priority, priorities } from "@reluctant/contracts";
import { type RowOf, sql } from "@reluctant/db";
import { byTurn, queueDepth, shareHalfLifeSeconds, type Waiting } from "@reluctant/relu";
import { announce, attemptChanged, stageRunChanged } from "./announce.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Deps } from "./deps.ts";

/** An attempt that waits in a queue: what its job says. */
export type QueuedAttempt = RowOf<typeof sql.queuedAttempts>;

/**
 * Fills the queues whose pools have free slots: whoever's turn it is gets an attempt and the outbox row that announces
 * it, in one transaction. Answers the attempts that were born.
 */
export const dispatch = (deps: Deps): Promise<QueuedAttempt[]> =>
  commit(deps, async (t) => {
    const born: QueuedAttempt[] = [];
    for (const queue of await t.many(sql.dispatchQueues, { leaseSeconds })) born.push(...(await fill(t, queue)));
    return born;
  });

async function fill(t: CommandTx, { kind, pool, freeSlots, queued }: sql.DispatchQueue): Promise<QueuedAttempt[]> {
  const room = queueDepth(freeSlots) - queued;
  if (room <= 0) return [];
  const halfLifeSeconds = shareHalfLifeSeconds;
  const candidates = await t.many(sql.dispatchCandidates, { kind, pool, room, halfLifeSeconds, leaseSeconds });
  const chosen = candidates.map(waitingOf).sort(byTurn).slice(0, room);
  const attempts = await t.many(sql.queueAttempts, { chosen });
  await announce(
    t,
    attempts.flatMap(({ attemptId: id, stageRunId, number }) => [
      stageRunChanged(stageRunId, "active"),
      attemptChanged({ id, stageRunId, number, worker: null, step: null }, "queued"),
    ]),
  );
  return attempts.map(({ number, ...job }) => job);
}

const waitingOf = ({ createdAt, priority, ...row }: sql.DispatchCandidate): Waiting => ({
  ...row,
  priority: priorities[priority] as Priority,
  createdAt: createdAt.getTime(),
});
