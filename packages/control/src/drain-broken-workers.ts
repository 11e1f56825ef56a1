import { sql } from "@reluctant/db";
import { brokenWorkers } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Deps } from "./deps.ts";

/** Takes out of service the workers that take attempts with them which succeed elsewhere. A person or a restart undrains them. */
export const drainBrokenWorkers = ({ db }: Deps): Promise<{ name: string; reason: string }[]> =>
  db.tx(async (t) => {
    const broken = brokenWorkers(await t.many(sql.workerRecords, { leaseSeconds }));
    for (const { name, reason } of broken) await t.maybe(sql.drainWorker, { name, reason });
    return broken;
  });
