import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

const dayMs = 86_400_000;
/** Rows of one statement: less than a second's work, and its locks are gone with it. */
const historyBatch = 10_000;

/**
 * Deletes bytes that nothing refers to and rows that served their time; of events and the logs of ended attempts those older
 * than `historyDays`, none where it is null. Safe to run at any moment, and twice.
 */
export async function collectGarbage(
  { db, artifacts }: Deps,
  { historyDays }: { historyDays: number | null },
): Promise<{ artifacts: number; rows: number }> {
  let { rows } = await db.one(sql.purgeExpired, {});
  for (let dropped = historyBatch; historyDays !== null && dropped >= historyBatch; rows += dropped)
    dropped = (await db.one(sql.purgeHistory, { days: historyDays, limit: historyBatch })).rows;
  return { artifacts: await artifacts.collectGarbage(dayMs), rows };
}
