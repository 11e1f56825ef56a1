import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";
import type { QueuedAttempt } from "./dispatch.ts";

export type OutboxJob = QueuedAttempt & { outboxId: bigint };

/** Takes announcements to bring to Redis. Committed when it answers: no transaction is open while Redis is spoken to. */
export const claimOutbox = ({ db }: Deps, { limit, holder }: { limit: number; holder: string }): Promise<OutboxJob[]> =>
  db.many(sql.claimOutbox, { limit, holder });

/** Says that the jobs of these announcements are in Redis. If it is never said they are sent again, which is harmless. */
export async function markSent({ db }: Deps, { outboxIds }: { outboxIds: bigint[] }): Promise<void> {
  await db.run(sql.markOutboxSent, { outboxIds });
}
