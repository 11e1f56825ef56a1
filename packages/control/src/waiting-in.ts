import { type Priority, priorities } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { byTurn, shareHalfLifeSeconds, type Waiting } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Deps } from "./deps.ts";

/** Enough for the rounds that the look is good for. */
export const mostLookedAt = 200;

/** The first `most` that wait in a queue, in the order of their turns. */
export async function waitingIn(
  db: Deps["db"],
  { kind, pool }: Pick<sql.DispatchQueue, "kind" | "pool">,
  most: number,
): Promise<Waiting[]> {
  const halfLifeSeconds = shareHalfLifeSeconds;
  const candidates = await db.many(sql.dispatchCandidates, { kind, pool, most, halfLifeSeconds, leaseSeconds });
  return candidates.map(waitingOf).sort(byTurn).slice(0, most);
}

const waitingOf = ({ createdAt, priority, ...row }: sql.DispatchCandidate): Waiting => ({
  ...row,
  priority: priorities[priority] as Priority,
  createdAt: createdAt.getTime(),
});
