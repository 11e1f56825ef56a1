import { sql } from "@reluctant/db";
import { byTurn, choosePreemptions, type Occupant, type Waiting } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import { commit } from "./commit.ts";
import { contestOf } from "./contest-of.ts";
import type { Deps } from "./deps.ts";
import { preemptAttempts } from "./preempt-attempts.ts";
import { mostLookedAt, waitingIn } from "./waiting-in.ts";

/**
 * Frees slots for stage runs of a higher class that none comes free for: attempts of a lower one stop with a checkpoint, and
 * their stage runs wait for their next turn. Safe to run at any moment; answers the attempts that were asked.
 */
export async function preempt(deps: Deps): Promise<Occupant[]> {
  const contested = await deps.db.many(sql.contestedPools, {});
  if (contested.length === 0) return [];
  const queues = await deps.db.many(sql.dispatchQueues, { leaseSeconds });
  const asked: Occupant[] = [];
  for (const { pool } of contested) {
    const ofPool = queues.filter((queue) => queue.pool === pool);
    asked.push(...(await preemptIn(deps, pool, ofPool)));
  }
  return asked;
}

async function preemptIn(deps: Deps, pool: string, queues: sql.DispatchQueue[]): Promise<Occupant[]> {
  const waiting: Waiting[] = [];
  for (const queue of queues) waiting.push(...(await waitingIn(deps.db, queue, mostLookedAt)));
  const urgent = waiting.filter(({ priority, teamOverQuota }) => priority !== "low" && !teamOverQuota).sort(byTurn);
  const chosen = choosePreemptions(await contestOf(deps.db, pool, urgent));
  if (chosen.length === 0) return [];
  const seen = new Set(chosen.map(({ attemptId }) => attemptId));
  return commit(deps, async (t) => {
    await t.many(sql.lockUnfinishedStageRuns, { stageRunIds: chosen.map(({ stageRunId }) => stageRunId) });
    // Looked at again: what was queued may have been claimed meanwhile, and is then too young.
    const still = choosePreemptions(await contestOf(t, pool, urgent)).filter(({ attemptId }) => seen.has(attemptId));
    const attemptIds = still.map(({ attemptId }) => attemptId);
    await preemptAttempts(t, attemptIds, "it gave way to a stage run of a higher priority");
    return still;
  });
}
