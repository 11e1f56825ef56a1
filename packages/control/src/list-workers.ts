import type { Worker } from "@reluctant/contracts";
import { workerRows } from "@reluctant/db";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";

/** Workers of the last day, and what each runs. The machines are shared, so every team sees them. */
export async function listWorkers({ db }: Deps, _input: { identity: Caller }): Promise<Worker[]> {
  return (await workerRows(db.prisma, leaseSeconds)).map((row) => ({
    ...row,
    startedAt: row.startedAt.toISOString(),
    lastBeatAt: row.lastBeatAt.toISOString(),
  }));
}
