import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";
import type { QueuedAttempt } from "./dispatch.ts";

/** Attempts that nobody claimed for `olderThanMs`: the reconciler adds those again that Redis does not have. */
export const queuedAttempts = ({ db }: Deps, { olderThanMs }: { olderThanMs: number }): Promise<QueuedAttempt[]> =>
  db.many(sql.queuedAttempts, { olderThanMs });
