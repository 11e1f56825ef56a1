import type { QuadraticInput } from "../correlations.ts";
import type { StepOf } from "../network.ts";
import type { RingVector } from "../ring.ts";

/* c₁x + c₂z of secret coefficients, a channel's each, as a layer that is linear in x and z: a convolution of one position. */

/** Its shape: from x of all channels and then z of all. */
export const asLinear = ({ name, size, from, channels }: StepOf<"quadratic">): StepOf<"linear"> => ({
  op: "linear",
  name,
  size,
  from,
  shape: {
    height: size / channels,
    width: 1,
    channelsIn: 2 * channels,
    channelsOut: channels,
    kernel: 1,
    stride: 1,
    padding: 0,
  },
});

/** Its filters: zeros but for a channel's own two. */
export function asFilters({ channels }: StepOf<"quadratic">, coefficients: Int32Array): Int32Array {
  const filters = new Int32Array(2 * channels * channels);
  for (let channel = 0; channel < channels; channel++)
    for (const input of [channel, channels + channel])
      filters[2 * channels * channel + input] = coefficients[input] as number;
  return filters;
}

/** The image that it takes, zeros at units that compute no polynomial. */
export function asImage({ size, channels, units }: StepOf<"quadratic">, { x, squares }: QuadraticInput): RingVector {
  const image = new BigInt64Array(2 * size);
  for (let i = 0; i < units.length; i++) {
    const unit = units[i] as number;
    const at = 2 * unit - (unit % channels);
    image[at] = x[i] as bigint;
    image[at + channels] = squares[i] as bigint;
  }
  return image;
}
