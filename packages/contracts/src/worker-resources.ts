import { z } from "zod";
import { idSchema, timestampSchema } from "./primitives.ts";
import { workerStates } from "./words.ts";
import { engineInfoSchema } from "./worker.ts";

/** Workers as the API tells of them, and what takes one out of service. */

export const workerSchema = z.object({
  id: idSchema,
  name: z.string(),
  pool: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Bytes of its GPU's memory; null where it has none, or it is not known. */
  gpuMemory: z.number().nullable(),
  state: z.enum(workerStates),
  /** Why it is drained or quarantined. */
  reason: z.string().nullable(),
  /** Until when it is quarantined; null where it is not, or until a person releases it. */
  quarantinedUntil: timestampSchema.nullable(),
  engine: engineInfoSchema,
  attemptId: idSchema.nullable(),
  stageRunId: idSchema.nullable(),
  imagesPerSecond: z.number().nullable(),
  startedAt: timestampSchema,
  lastBeatAt: timestampSchema,
});
export type Worker = z.infer<typeof workerSchema>;

/** What a person says who takes a worker out of service. */
export const drainRequestSchema = z.strictObject({
  reason: z
    .string()
    .max(500)
    .regex(/^\P{Cc}*$/u, "must be one line without control characters")
    .optional(),
});

/** The same of a quarantine, which lasts so many seconds, or else until a person releases the worker. */
export const quarantineRequestSchema = drainRequestSchema.extend({
  seconds: z.int().min(1).max(31_536_000).optional(),
});

export const workerListSchema = z.object({ items: z.array(workerSchema) });
