import { type JobPayload, jobPayloadSchema } from "@reluctant/contracts";
import type { DefaultJobOptions } from "bullmq";

/**
 * All kinds share one kind of job: "attempt A of stage run S waits for you". What to do is read when the attempt is
 * claimed. BullMQ delivers once and never retries: a retry is our next attempt, with a job of its own.
 */
export const jobOptions = {
  attempts: 1,
  removeOnComplete: { count: 1_000, age: 3_600 },
  removeOnFail: { count: 1_000, age: 86_400 },
} as const satisfies DefaultJobOptions;

/** Past entries kept for BullMQ's event streams, which only screens read. */
export const streamOptions = { events: { maxLen: 1_000 } } as const;

/**
 * A delivered job that nobody renews is found within lock + two checks = 25 s. BullMQ marks it as to be failed
 * (`maxStalledCount: 0`) and lets the next consumer do that; the reconciler adds it again if its attempt still waits.
 */
export const lockMs = 15_000;
export const lockRenewMs = 5_000;
export const stalledCheckMs = 5_000;

/** What a job says, or why this version cannot read it. */
export function parseJob(data: unknown): { payload: JobPayload } | { error: string } {
  const parsed = jobPayloadSchema.safeParse(data);
  if (parsed.success) return { payload: parsed.data };
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  return { error: `not a job of this version: ${faults.join("; ")}` };
}
