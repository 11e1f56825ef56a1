import { type Priority, priorities } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { byTurn, choosePreemptions, type Occupant, type Waiting } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { takeOffSlots } from "./hold-stage-runs.ts";
import { mostLookedAt, waitingIn } from "./waiting-in.ts";

/**
 * Frees slots for stage runs of a higher class that none comes free for: attempts of a lower one stop with a checkpoint, and
 * their stage runs wait for their next turn. Safe to run at any moment; answers the attempts that were asked.
 */
export async function preempt(deps: Deps): Promise<Occupant[]> {
  const queues = await deps.db.many(sql.dispatchQueues, { leaseSeconds });
  const asked: Occupant[] = [];
  for (const pool of new Set(queues.map((queue) => queue.pool)))
    asked.push(
      ...(await preemptIn(
        deps,
        pool,
        queues.filter((queue) => queue.pool === pool),
      )),
    );
  return asked;
}

async function preemptIn(deps: Deps, pool: string, queues: sql.DispatchQueue[]): Promise<Occupant[]> {
  const freeSlots = queues[0]?.freeSlots ?? 0;
  const waiting: Waiting[] = [];
  for (const queue of queues) waiting.push(...(await waitingIn(deps.db, queue, mostLookedAt)));
  const urgent = waiting.filter(({ priority }) => priority !== "low").sort(byTurn);
  if (urgent.length <= freeSlots) return [];
  const stageRunIds = urgent.map(({ stageRunId }) => stageRunId);
  const rows = await deps.db.many(sql.occupants, { pool, stageRunIds });
  const occupants = rows.map(({ priority, ...row }) => ({ ...row, priority: priorities[priority] as Priority }));
  const chosen = choosePreemptions({ waiting: urgent, occupants, freeSlots });
  if (chosen.length === 0) return [];
  await commit(deps, async (t) => {
    await t.many(sql.lockUnfinishedStageRuns, { stageRunIds: chosen.map(({ stageRunId }) => stageRunId) });
    const attemptIds = chosen.map(({ attemptId }) => attemptId);
    await takeOffSlots(t, attemptIds, `it gave way to a stage run of ${urgent[freeSlots]?.priority} priority`);
  });
  return chosen;
}
