import { z } from "zod";

export const magnitudeSettingsSchema = z.strictObject({
  /** Training images whose activations are averaged; all of them where there are fewer. */
  images: z.int().min(1).max(1e9),
});
export type MagnitudeSettings = z.infer<typeof magnitudeSettingsSchema>;
