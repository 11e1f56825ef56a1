import { eachImage, imagesOf } from "./images.ts";
import type { StepOf } from "./network.ts";
import type { RingVector } from "./ring.ts";

/** Fraction bits of 1 / positions, which the sum is multiplied by; the product is truncated by as many. */
export const reciprocalBits = 16;

/**
 * The mean over all positions of each channel, times 2^reciprocalBits: a sum times a public constant, so it is computed on
 * each share alone.
 */
export function averagePositions(step: StepOf<"average-pool">, vector: RingVector): RingVector {
  const { positions, channels } = step;
  const factor = BigInt(Math.round(2 ** reciprocalBits / positions));
  return eachImage(vector, imagesOf(step), (image) => {
    const out = new BigInt64Array(channels);
    for (let i = 0, channel = 0; i < image.length; i++) {
      out[channel] = (out[channel] as bigint) + (image[i] as bigint);
      channel = channel + 1 === channels ? 0 : channel + 1;
    }
    for (let channel = 0; channel < channels; channel++) out[channel] = (out[channel] as bigint) * factor;
    return out;
  });
}
