import { z } from "zod";

/**
 * DELPHI's planner (method.md §9) by greedy removal: whole layers, in the order of the least loss of validation accuracy.
 */
export const delphiSettingsSchema = z.strictObject({
  /** Share of the steps within which the layers are swapped one after another, ReLU mixed linearly into the quadratic. */
  swapShare: z.number().gt(0).max(1),
  /** Gradients longer than this are scaled down to it, 2. */
  clipNorm: z.number().positive().max(1e6),
  /** Images of the validation split that every candidate is measured on. */
  planImages: z.int().min(1).max(1e9),
});
export type DelphiSettings = z.infer<typeof delphiSettingsSchema>;
