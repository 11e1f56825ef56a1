import { z } from "zod";
import { backendNames } from "./words.ts";

const labelPart = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, "must be 1 to 63 letters, digits and . _ / -, a letter or digit first");

/** What people call a worker's slot by, such as `zone: a` or `gpu: h200`. */
export const slotLabelsSchema = z
  .record(labelPart, labelPart)
  .refine((labels) => Object.keys(labels).length <= 20, "must be at most 20 labels")
  .meta({ maxProperties: 20 });
export type SlotLabels = z.infer<typeof slotLabelsSchema>;

/** Memory of a GPU as a user writes it, `40` or `"40 GB"`, to bytes. Of 10^9: a card that is sold with 40 GB has a little more. */
export const gpuMemorySchema = z
  .union(
    [
      z.number().min(0.1, "must be at least 0.1 (GB)").max(10_000, "must be at most 10000 (GB)"),
      z.string().regex(/^[1-9][0-9]{0,3}(\.[0-9]{1,3})? ?GB$/, 'must be gigabytes, such as 40 or "40 GB"'),
    ],
    'must be gigabytes, such as 40 or "40 GB"',
  )
  .meta({ examples: [40, "40 GB"] })
  .transform((written) => Math.round(Number.parseFloat(String(written)) * 1e9));

/** What a slot must have, beside its pool, data set and precision. It changes where work runs, not what it computes. */
export const slotResourcesSchema = z.strictObject({
  /** At least so much. */
  gpuMemory: gpuMemorySchema.optional(),
  /** All of these. */
  labels: slotLabelsSchema.optional(),
  backend: z.enum(backendNames).optional(),
});
export type SlotResources = z.output<typeof slotResourcesSchema>;
