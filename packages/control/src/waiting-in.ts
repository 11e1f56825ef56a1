import { type Priority, priorities } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { byTurn, shareHalfLifeSeconds, type Waiting } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Deps } from "./deps.ts";

/** Enough for the rounds that the look is good for. */
export const mostLookedAt = 200;

/** The first `most` that wait in a queue for a slot of the pool, busy or free, in the order of their turns. */
export const waitingIn = (db: Deps["db"], queue: Queue, most: number): Promise<Waiting[]> =>
  waitingFor(db, "all", queue, most);

/** The same, but while slots are free only those that these can run. */
export const waitingForFree = (db: Deps["db"], queue: Queue, most: number): Promise<Waiting[]> =>
  waitingFor(db, "free", queue, most);

type Queue = Pick<sql.DispatchQueue, "kind" | "pool">;

async function waitingFor(
  db: Deps["db"],
  slots: "free" | "all",
  { kind, pool }: Queue,
  most: number,
): Promise<Waiting[]> {
  const halfLifeSeconds = shareHalfLifeSeconds;
  const candidates = await db.many(sql.dispatchCandidates, { kind, pool, most, slots, halfLifeSeconds, leaseSeconds });
  return candidates.map(waitingOf).sort(byTurn).slice(0, most);
}

const waitingOf = ({ createdAt, priority, ...row }: sql.DispatchCandidate): Waiting => ({
  ...row,
  priority: priorities[priority] as Priority,
  createdAt: createdAt.getTime(),
});
