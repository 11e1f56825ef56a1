import { type RowOf, sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/** What brings an attempt to its queue: the job, and the row that says so. */
export type OutboxJob = RowOf<typeof sql.claimOutbox>;

/** Takes announcements to bring to Redis. Committed when it answers: no transaction is open while Redis is spoken to. */
export const claimOutbox = ({ db }: Deps, { limit, holder }: { limit: number; holder: string }): Promise<OutboxJob[]> =>
  db.many(sql.claimOutbox, { limit, holder });

/** Says that the jobs of these announcements are in Redis. If it is never said they are sent again, which is harmless. */
export async function markSent({ db }: Deps, { outboxIds }: { outboxIds: bigint[] }): Promise<void> {
  await db.run(sql.markOutboxSent, { outboxIds });
}
