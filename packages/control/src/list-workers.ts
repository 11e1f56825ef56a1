import type { Worker } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";

/** Workers of the last day, and what each runs. The machines are shared, so every team sees them. */
export const listWorkers = async ({ db }: Deps, _input: { identity: Caller }): Promise<Worker[]> =>
  (await db.many(sql.workers, { leaseSeconds, workerId: null })).map(workerOf);

export const workerOf = (row: sql.WorkerRow): Worker => ({
  ...row,
  quarantinedUntil: row.quarantinedUntil?.toISOString() ?? null,
  startedAt: row.startedAt.toISOString(),
  lastBeatAt: row.lastBeatAt.toISOString(),
});
