import { z } from "zod";
import { adamSettings } from "../adam-settings.ts";

/** SNL (method.md §9), within a mask search's length, batches and temperature: slopes c under α‖c‖₁. */
export const snlSettingsSchema = z.strictObject({
  ...adamSettings,
  /** α at the start, 1e-5. */
  penalty: z.number().positive().max(1e6),
  /** How often over the run the slopes are counted and α may grow: 150, which for the published length is once an epoch. */
  counts: z.int().min(1).max(1_000_000),
  /** α grows by this factor after each count that was not lower than every one before, 1.1. */
  penaltyGrowth: z.number().min(1).max(100),
  /** Counts before α may grow, 5. */
  patience: z.int().min(0).max(10_000),
  /**
   * Where given, ‖c‖₁ decides in the count's place: α grows while it lies above the straight line from all ReLUs to none
   * at this share of the steps, so that a run of fixed length comes to its budget.
   */
  landBy: z.number().gt(0).max(1).optional(),
  /** A unit counts as kept while c exceeds this, 0.01. */
  threshold: z.number().min(0).lt(1),
  /** Once the count is within the budget, keep the units above the `threshold`, or `exact`ly the budget's largest c. */
  landing: z.enum(["threshold", "exact"]),
});
export type SnlSettings = z.infer<typeof snlSettingsSchema>;
