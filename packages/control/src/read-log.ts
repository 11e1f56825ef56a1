import { type LogPage, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { liveAttemptStates } from "@reluctant/relu";
import { found } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";
import { requireAccess } from "./stage-runs.ts";

/** At most `limit` bytes of an attempt's log from a byte offset on, cut at the end of a character. */
export async function readLog(
  deps: Deps,
  { identity, attemptId, offset, limit }: { identity: Caller; attemptId: string; offset: number; limit: number },
): Promise<LogPage> {
  const { db } = deps;
  const attempt = found(await db.maybe(sql.loggedAttempt, { attemptId }), "attempt", attemptId);
  const { own } = await requireAccess(deps, identity, attempt.stageRunId);
  if (!own) throw new ReluctantError("not-found", `there is no attempt ${attemptId}`);
  const bytes = contiguous(await db.many(sql.logChunks, { attemptId, offset, limit }), offset).subarray(0, limit);
  const whole = bytes.subarray(0, bytes.length - brokenTail(bytes));
  const live: readonly string[] = liveAttemptStates;
  return {
    text: whole.toString("utf8"),
    next: offset + whole.length,
    ended: !live.includes(attempt.state) && bytes.length < limit,
  };
}

/** Chunks joined from `offset` up to the first gap: a piece that is still on its way. */
function contiguous(chunks: { offset: number; bytes: Uint8Array }[], offset: number): Buffer {
  const parts: Uint8Array[] = [];
  let at = offset;
  for (const chunk of chunks) {
    if (chunk.offset > at) break;
    const part = chunk.bytes.subarray(at - chunk.offset);
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
}

/** Bytes at the end that begin a UTF-8 character and do not finish it. */
function brokenTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}
