import { z } from "zod";
import { measurementSchema, piSettingSchema, pointCostSchema } from "./measurements.ts";
import { idSchema, sha256Schema } from "./primitives.ts";
import { frontierAxes } from "./words.ts";

/** The frontier of a data set and model. Accuracies are shares in [0, 1]. */

/** The point to take: the smallest budget within one point of the AR model, else the most accurate. Means over seeds. */
export const tradeOffSchema = z.object({
  method: z.string(),
  reluCount: z.int(),
  /** The split whose accuracies were compared. The other decides nothing. */
  decidedBy: z.literal("validation"),
  /** Otherwise none is, or there is no AR model to compare with, and this is the most accurate. */
  withinOnePoint: z.boolean(),
  validationAccuracy: z.number(),
  testAccuracy: z.number(),
});
export type TradeOff = z.infer<typeof tradeOffSchema>;

export const frontierPointSchema = z.object({
  id: idSchema,
  stageRunId: idSchema,
  /** Null where the caller's team has no need of the stage run. */
  experimentId: idSchema.nullable(),
  trialId: idSchema.nullable(),
  variant: z.string(),
  /** `ar` for the all-ReLU model. */
  method: z.string(),
  recipe: z.string(),
  seed: z.int(),
  budget: z.int().nullable(),
  reluCount: z.int(),
  /** Units that compute a polynomial where their ReLU was: points that have some cost more than their ReLU count says. */
  polynomialUnits: z.int(),
  convention: z.string(),
  /**
   * The artifact that its spec gave, masks before an AR model, and the name of the experiment that evaluated it as it came in,
   * where the caller may see one: points of two files are no seeds of one another. Null where the spec gave none.
   */
  source: z.object({ sha256: sha256Schema, name: z.string().nullable() }).nullable(),
  macs: z.number(),
  images: z.int(),
  gpuSeconds: z.number(),
  validationAccuracy: z.number(),
  testAccuracy: z.number(),
  /** No point of the same frontier has at most as many ReLUs, or the same cost, and a higher validation accuracy. */
  onFrontier: z.boolean(),
  /** On the axis that was asked for; there where it is one of cost, and of the points that were measured. */
  cost: pointCostSchema.optional(),
  /** Why its accuracies may be wrong, though nothing failed; null where nothing is known against them. */
  suspect: z.string().nullable(),
  /** What its private inference cost, as often as it was measured. */
  measurements: z.array(measurementSchema),
});
export type FrontierPoint = z.infer<typeof frontierPointSchema>;

/** Points of one trial, without what other points make of them. */
export const trialPointsSchema = z.object({
  items: z.array(frontierPointSchema.omit({ onFrontier: true, cost: true })),
});
export type TrialPoint = z.infer<typeof trialPointsSchema>["items"][number];

/** A point that was looked for by its id. */
export const foundPointSchema = frontierPointSchema
  .pick({ id: true, method: true, budget: true, seed: true, reluCount: true, experimentId: true, trialId: true })
  .extend({ dataset: z.string(), datasetVersion: sha256Schema, model: z.string() });
export type FoundPoint = z.infer<typeof foundPointSchema>;
export const foundPointsSchema = z.object({ items: z.array(foundPointSchema) });

/** Which points of a frontier are told: every one, or those that no other dominates. */
export const frontierSelections = ["all", "frontier"] as const;
export type FrontierSelection = (typeof frontierSelections)[number];

export const frontierSchema = z.object({
  dataset: z.string(),
  datasetVersion: sha256Schema,
  model: z.string(),
  classes: z.int(),
  totalRelus: z.int(),
  /** Of all of them, by ReLUs or by the cost that was asked for; null before any. */
  recommendation: tradeOffSchema.nullable(),
  /** All of them, or those on the frontier, as asked. All-ReLU models first, then by ReLU count. */
  points: z.array(frontierPointSchema),
  /** Where an axis of cost was asked for. Then the points are all-ReLU models and those that were measured in `setting`. */
  measured: z
    .object({
      axis: z.enum(frontierAxes).exclude(["relus"]),
      /** Key of the setting; null where nothing was measured. */
      setting: z.string().nullable(),
      /** All that there are, with how many points each has; most first. */
      settings: z.array(piSettingSchema.extend({ points: z.int() })),
      /** Partial-ReLU points without a measurement in the setting, which are not told. */
      unmeasured: z.int(),
    })
    .optional(),
});
export type Frontier = z.infer<typeof frontierSchema>;
