import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

const dayMs = 86_400_000;

/** Deletes bytes that nothing refers to and rows that served their time. Safe to run at any moment, and twice. */
export async function collectGarbage({ db, artifacts }: Deps): Promise<{ artifacts: number; rows: number }> {
  const { rows } = await db.one(sql.purgeExpired, {});
  return { artifacts: await artifacts.collectGarbage(dayMs), rows };
}
