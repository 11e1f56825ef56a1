import { z } from "zod";

export const layerRemovalSettingsSchema = z.strictObject({
  /** Validation images that tell how much a layer would be missed; every layer is asked before every removal. */
  probeImages: z.int().min(1).max(1e9),
});
export type LayerRemovalSettings = z.infer<typeof layerRemovalSettingsSchema>;
