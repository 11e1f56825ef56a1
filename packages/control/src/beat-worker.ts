import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";
import { maxGapSeconds } from "./expiry-gate.ts";

export type WorkerBeatAnswer =
  | { answer: "go on" }
  /** Take no more work; what runs goes on. */
  | { answer: "drained"; reason: string }
  /** Another worker has registered under the name, so this one has to end. */
  | { answer: "replaced" };

/** Says that a worker lives and what its slot does. One that is gone stays gone. */
export async function beatWorker(
  { db }: Deps,
  { workerId, state }: { workerId: string; state: "idle" | "busy" | "draining" },
): Promise<WorkerBeatAnswer> {
  const worker = await db.maybe(sql.beatWorker, { workerId, state, maxGapSeconds });
  if (!worker) return { answer: "replaced" };
  return worker.drainedReason === null ? { answer: "go on" } : { answer: "drained", reason: worker.drainedReason };
}
