import { type RowOf, sql } from "@reluctant/db";
import { queueDepth } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { OutboxJob } from "./claim-outbox.ts";
import type { Deps } from "./deps.ts";
import { QueueMemory } from "./turns.ts";
import { mostLookedAt, waitingIn } from "./waiting-in.ts";

/** An attempt that waits in a queue: what its job says. */
export type QueuedAttempt = RowOf<typeof sql.queuedAttempts>;

export interface Dispatcher {
  /** Who brings the announcements to Redis itself; null leaves them to whoever claims them. */
  holder: string | null;
  memory: Map<string, QueueMemory>;
}

/**
 * Fills the queues whose pools have free slots: whoever's turn it is gets an attempt and the outbox row that announces
 * it, for each queue in one statement. Answers the attempts that were born.
 */
export async function dispatch(
  deps: Deps,
  dispatcher: Dispatcher = { holder: null, memory: new Map() },
): Promise<OutboxJob[]> {
  const born: OutboxJob[] = [];
  for (const queue of await deps.db.many(sql.dispatchQueues, { leaseSeconds }))
    born.push(...(await fill(deps, dispatcher, queue)));
  if (born.length > 0) deps.notifications.publish("events");
  return born;
}

async function fill({ db }: Deps, { holder, memory }: Dispatcher, queue: sql.DispatchQueue): Promise<OutboxJob[]> {
  const remembered = memoryOf(memory, queue);
  const freed = remembered.freedOfLate(queue, performance.now());
  const room = queueDepth(queue.freeSlots, freed) - queue.queued;
  const attempts: OutboxJob[] = [];
  for (let look = 0; look < 2 && attempts.length < room; look++) {
    const chosen = await remembered.next(room - attempts.length, () =>
      waitingIn(db, queue, Math.max(room, mostLookedAt)),
    );
    if (chosen.length === 0) break;
    const born = await db.many(sql.queueAttempts, { chosen, holder });
    remembered.dispatched(born.length);
    attempts.push(...born);
    if (born.length === chosen.length) break;
    remembered.forget(); // another took some, or they were cancelled: a new look tells
  }
  return attempts;
}

function memoryOf(memory: Map<string, QueueMemory>, { kind, pool }: sql.DispatchQueue): QueueMemory {
  const queue = `${kind}.${pool}`;
  const remembered = memory.get(queue) ?? new QueueMemory();
  memory.set(queue, remembered);
  return remembered;
}
