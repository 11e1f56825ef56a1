import { type RowOf, type Statements, sql } from "@reluctant/db";
import { type Occupant, queueDepth, type Turns, turnsAcrossKinds } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { OutboxJob } from "./claim-outbox.ts";
import { commit } from "./commit.ts";
import { contestOf } from "./contest-of.ts";
import type { Deps } from "./deps.ts";
import { preemptAttempts } from "./preempt-attempts.ts";
import { QueueMemory } from "./turns.ts";
import { mostLookedAt, waitingForFree, waitingIn } from "./waiting-in.ts";

/** An attempt that waits in a queue: what its job says. */
export type QueuedAttempt = RowOf<typeof sql.queuedAttempts>;

export interface Dispatcher {
  /** Who brings the announcements to Redis itself; null leaves them to whoever claims them. */
  holder: string | null;
  memory: Map<string, QueueMemory>;
}

/**
 * Fills the queues whose pools have free slots: whoever's turn it is gets an attempt and the outbox row that announces
 * it, for each queue in one statement; where kinds and classes share a pool, for all of its queues together. Answers the attempts
 * that were born.
 */
export async function dispatch(
  deps: Deps,
  dispatcher: Dispatcher = { holder: null, memory: new Map() },
): Promise<OutboxJob[]> {
  const born: OutboxJob[] = [];
  const queues = await deps.db.many(sql.dispatchQueues, { leaseSeconds });
  const contested = await contestedAmongKinds(deps, queues);
  for (const pool of contested) born.push(...(await fillTogether(deps, dispatcher, inPool(queues, pool))));
  for (const queue of queues) if (!contested.has(queue.pool)) born.push(...(await fill(deps, dispatcher, queue)));
  if (born.length > 0) deps.notifications.publish("events");
  return born;
}

const inPool = (queues: readonly sql.DispatchQueue[], pool: string): sql.DispatchQueue[] =>
  queues.filter((queue) => queue.pool === pool);

/** Pools in which stage runs of several kinds wait for slots, and some are of a higher class than others. */
async function contestedAmongKinds({ db }: Deps, queues: readonly sql.DispatchQueue[]): Promise<Set<string>> {
  const several = ({ pool, queuedOthers }: sql.DispatchQueue) => queuedOthers > 0 || inPool(queues, pool).length > 1;
  const shared = new Set(queues.filter(several).map(({ pool }) => pool));
  if (shared.size === 0) return shared;
  const contested = await db.many(sql.contestedPools, {});
  return new Set(contested.map(({ pool }) => pool).filter((pool) => shared.has(pool)));
}

/** A worker takes the first job that it sees, of whatever kind: a pool's turns are given for all of its queues together. */
async function fillTogether(
  deps: Deps,
  { holder, memory }: Dispatcher,
  queues: readonly sql.DispatchQueue[],
): Promise<OutboxJob[]> {
  const [{ pool, slots, freeSlots, queued: own, queuedOthers }] = queues as [sql.DispatchQueue];
  const queued = own + queuedOthers;
  const remembered = memoryOf(memory, pool);
  const depth = queueDepth(freeSlots, remembered.freedOfLate({ slots, freeSlots, queued }, performance.now()));
  if (queued === 0 && depth === 0) return []; // no slot comes free, and nothing lies in the way
  const waiting = (await Promise.all(queues.map((queue) => waitingIn(deps.db, queue, mostLookedAt)))).flat();
  const turns = async (t: Statements): Promise<Turns> => {
    const { occupants, free } = await contestOf(t, pool, waiting);
    return turnsAcrossKinds({ waiting, queued: occupants.filter(({ state }) => state === "queued"), free, depth });
  };
  const { given: chosen, takenBack } = await turns(deps.db);
  if (takenBack.length > 0) await takeBack(deps, takenBack, turns);
  const born = chosen.length > 0 ? await deps.db.many(sql.queueAttempts, { chosen, holder }) : [];
  remembered.dispatched(born.length);
  return born;
}

/** What lies in a queue is ready again. Looked at once more: what was claimed meanwhile keeps its slot. */
async function takeBack(
  deps: Deps,
  seen: readonly Occupant[],
  turns: (t: Statements) => Promise<Turns>,
): Promise<void> {
  await commit(deps, async (t) => {
    await t.many(sql.lockUnfinishedStageRuns, { stageRunIds: seen.map(({ stageRunId }) => stageRunId) });
    const ids = new Set(seen.map(({ attemptId }) => attemptId));
    const still = (await turns(t)).takenBack.map(({ attemptId }) => attemptId).filter((id) => ids.has(id));
    await preemptAttempts(t, still, "one of a higher priority waits");
  });
}

async function fill({ db }: Deps, { holder, memory }: Dispatcher, queue: sql.DispatchQueue): Promise<OutboxJob[]> {
  const remembered = memoryOf(memory, `${queue.kind}.${queue.pool}`);
  const freed = remembered.freedOfLate(queue, performance.now());
  const room = queueDepth(queue.freeSlots, freed) - queue.queued;
  const attempts: OutboxJob[] = [];
  for (let look = 0; look < 2 && attempts.length < room; look++) {
    const chosen = await remembered.next(room - attempts.length, () =>
      waitingForFree(db, queue, Math.max(room, mostLookedAt)),
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

/** Of a queue, or of all of a pool's together: a pool's name holds no dot. */
function memoryOf(memory: Map<string, QueueMemory>, of: string): QueueMemory {
  const remembered = memory.get(of) ?? new QueueMemory();
  memory.set(of, remembered);
  return remembered;
}
