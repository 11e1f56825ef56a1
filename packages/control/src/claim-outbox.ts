import { claimOutboxRows, markOutboxSent } from "@reluctant/db";
import type { Deps } from "./deps.ts";
import type { QueuedAttempt } from "./dispatch.ts";

export type OutboxJob = QueuedAttempt & { outboxId: string };

/** Takes announcements to bring to Redis. Committed when it answers: no transaction is open while Redis is spoken to. */
export const claimOutbox = ({ db }: Deps, { limit, holder }: { limit: number; holder: string }): Promise<OutboxJob[]> =>
  claimOutboxRows(db.prisma, limit, holder);

/** Says that the jobs of these announcements are in Redis. If it is never said they are sent again, which is harmless. */
export async function markSent({ db }: Deps, { outboxIds }: { outboxIds: string[] }): Promise<void> {
  await markOutboxSent(db.prisma, outboxIds.map(BigInt));
}
