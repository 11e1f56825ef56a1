import { z } from "zod";
import { adamSettings } from "../adam-settings.ts";

/** AutoReP (method.md §9), within a mask search's length, batches and temperature; its rates follow a cosine to 0. */
export const autorepSettingsSchema = z.strictObject({
  ...adamSettings,
  /** λ of λ·relu(density − target), 80 to 240. */
  densityWeight: z.number().positive().max(1e6),
  /** A unit's ReLU is dropped once its score is below −hysteresis, and comes back once it is above it: 0.003. */
  hysteresis: z.number().min(0).max(1),
});
export type AutorepSettings = z.infer<typeof autorepSettingsSchema>;
