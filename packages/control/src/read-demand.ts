import type { WorkerState } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { shareHalfLifeSeconds as halfLifeSeconds } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Deps } from "./deps.ts";

/** What a pool has to do: `ready`, `queued` and `running` each count what wants one slot, that is one GPU; `slots` there are. */
export type PoolDemand = sql.SlotDemandRow;

/** Every pool in which something waits, runs or could run; of all teams, since the machines are shared. */
export const readDemand = ({ db }: Pick<Deps, "db">): Promise<PoolDemand[]> =>
  db.many(sql.slotDemand, { leaseSeconds, halfLifeSeconds });

/** How many workers of each pool are in each state, of those of the last day. */
export async function countWorkers({
  db,
}: Pick<Deps, "db">): Promise<{ pool: string; state: WorkerState; count: number }[]> {
  const counts = new Map<string, { pool: string; state: WorkerState; count: number }>();
  for (const { pool, state } of await db.many(sql.workers, { leaseSeconds, workerId: null })) {
    const counted = counts.get(`${pool} ${state}`) ?? { pool, state, count: 0 };
    counted.count++;
    counts.set(`${pool} ${state}`, counted);
  }
  return [...counts.values()];
}

/** Seconds since a coordinator last made a round (one a second is usual); null where none ever has. */
export async function secondsSinceRound({ db }: Pick<Deps, "db">): Promise<number | null> {
  return (await db.one(sql.latestRound, {})).ageSeconds;
}
