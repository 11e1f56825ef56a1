import { z } from "zod";

/** Where the ReLUs of a layer are that its mask keeps, summed over the channels. */
export const maskMapSchema = z.object({
  layer: z.string(),
  /** [height, width, channels]; their product is the layer's ReLU units. */
  shape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  /** Units kept. */
  kept: z.int().min(0),
  /** Channels that keep their ReLU at each place: height·width counts, row by row. */
  channelsKept: z.array(z.int().min(0)),
});
export type MaskMap = z.infer<typeof maskMapSchema>;

/** The masks of a `masks` artifact, small enough for a screen. */
export const maskMapsSchema = z.object({
  /** The network, with its share of the channels where that is not all: `resnet8@0.5`. */
  model: z.string(),
  reluCount: z.int(),
  /** In the network's order. */
  layers: z.array(maskMapSchema),
});
export type MaskMaps = z.infer<typeof maskMapsSchema>;
