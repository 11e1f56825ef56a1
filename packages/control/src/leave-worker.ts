import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/**
 * A worker that drained says good-bye; nothing is dispatched for it any more. That it beats as it goes tells it from one
 * that was replaced after it had fallen silent.
 */
export async function leaveWorker({ db }: Deps, { workerId }: { workerId: string }): Promise<void> {
  await db.run(sql.leaveWorker, { workerId });
}
