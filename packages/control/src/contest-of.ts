import { type Priority, priorities } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { type Contest, shareHalfLifeSeconds as halfLifeSeconds, type Waiting } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";

/** What holds a pool's slots or lies in its queues, and which slots are free, beside these that wait. */
export async function contestOf(t: Statements, pool: string, waiting: readonly Waiting[]): Promise<Contest> {
  const stageRunIds = waiting.map(({ stageRunId }) => stageRunId);
  const [rows, free] = await Promise.all([
    t.many(sql.occupants, { pool, stageRunIds, halfLifeSeconds }),
    t.many(sql.freeSlots, { pool, stageRunIds, leaseSeconds }),
  ]);
  const occupants = rows.map(({ priority, ...row }) => ({ ...row, priority: priorities[priority] as Priority }));
  return { waiting, occupants, free };
}
