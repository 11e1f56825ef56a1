import { z } from "zod";

export const deepReduceSettingsSchema = z.strictObject({
  /** Criticality is the accuracy that a stage's ReLUs gain over their number to this power (0.07 from memory). */
  criticalityExponent: z.number().min(0).max(2),
});
export type DeepReduceSettings = z.infer<typeof deepReduceSettingsSchema>;
