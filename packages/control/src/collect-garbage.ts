import { purgeExpired } from "@reluctant/db";
import type { Deps } from "./deps.ts";

const dayMs = 86_400_000;

/** Deletes bytes that nothing refers to and rows that served their time. Safe to run at any moment, and twice. */
export async function collectGarbage({ db, artifacts }: Deps): Promise<{ artifacts: number; rows: number }> {
  const [purged] = await purgeExpired(db.prisma);
  return { artifacts: await artifacts.collectGarbage(dayMs), rows: purged?.rows ?? 0 };
}
