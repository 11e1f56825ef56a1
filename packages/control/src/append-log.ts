import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/** Whether a write under an epoch was taken; a stale one left no trace. */
export type Written = "written" | "stale";

/** Adds a piece to an attempt's log at its byte offset. Sending the same piece again is harmless. */
export async function appendLog(
  { db }: Deps,
  { attemptId, epoch, offset, bytes }: { attemptId: string; epoch: number; offset: number; bytes: Uint8Array },
): Promise<Written> {
  const fenced = await db.maybe(sql.appendLog, { attemptId, epoch, offset, bytes });
  return fenced ? "written" : "stale";
}
