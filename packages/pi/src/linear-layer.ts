import { imagesOf, joined, partsOf } from "./images.ts";
import type { Kernels } from "./kernels.ts";
import type { LinearWeights, StepOf } from "./network.ts";
import type { RingVector } from "./ring.ts";

/*
 * The local halves of a linear step on additive shares, x = client + server: the correlation has given the client
 * W·client − s and the server s, so W·server + b + s is the server's share of W·x + b.
 */

/** What the server computes online: its share of the layer's output, with the fraction bits of weights and activations. */
export async function applyToServerShare(
  step: StepOf<"linear">,
  { filters, bias }: LinearWeights,
  { share, correlation, kernels }: { share: RingVector; correlation: RingVector; kernels: Kernels },
): Promise<RingVector> {
  const wide = await convolveEach(step, filters, share, kernels);
  for (let i = 0, channel = 0; i < wide.length; i++) {
    wide[i] = (wide[i] as bigint) + (correlation[i] as bigint) + (bias[channel] as bigint);
    channel = channel + 1 === bias.length ? 0 : channel + 1;
  }
  return wide;
}

/** What becomes of each image, one behind the other. */
export async function convolveEach(
  step: StepOf<"linear">,
  filters: Int32Array,
  vector: RingVector,
  kernels: Kernels,
): Promise<RingVector> {
  const images = partsOf(vector, imagesOf(step));
  return joined(await Promise.all(images.map((image) => kernels.convolve(step.shape, filters, image))));
}

/** Adds a bias to each position's channels, in place. */
export function addBias(image: RingVector, bias: RingVector): RingVector {
  for (let i = 0, channel = 0; i < image.length; i++) {
    image[i] = (image[i] as bigint) + (bias[channel] as bigint);
    channel = channel + 1 === bias.length ? 0 : channel + 1;
  }
  return image;
}
