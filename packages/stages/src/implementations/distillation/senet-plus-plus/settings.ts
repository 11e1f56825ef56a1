import { z } from "zod";

export const slimmableSettingsSchema = z.strictObject({
  /** Shares of every convolution's channels, beside the full width, that the same weights serve (d_r of the paper). */
  widths: z
    .array(
      z
        .number()
        .min(1 / 16)
        .lt(1),
    )
    .min(1)
    .max(8),
});
export type SlimmableSettings = z.infer<typeof slimmableSettingsSchema>;
