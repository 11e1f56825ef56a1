import { inputShape, type Model, type Normalization, size } from "@reluctant/relu";
import { type HostTensor, isStatistic, type TrainingBatch, weightShapes } from "@reluctant/stages";
import type { Numbers } from "./reference-nodes.ts";

/** Numbers in [0, 1): Park and Miller's generator, fast enough for 25 million weights. */
export function noise(length: number, salt = 0): Float32Array {
  const values = new Float32Array(length);
  let state = length + 7919 * salt;
  for (let i = 0; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647;
    values[i] = (state >> 7) / 2 ** 24;
  }
  return values;
}

/** Filters of variance 2 / fan-in; vectors in [0.5, 1), so that no statistic, scale or offset is 0 or 1. */
export const randomWeights = (model: Model, salt = 0): Map<string, HostTensor> =>
  new Map(
    [...weightShapes(model)].map(([name, shape], i) => {
      const length = shape.reduce((product, extent) => product * extent, 1);
      const scale = Math.sqrt((24 * (shape[0] as number)) / length);
      const vector = (value: number) => (isStatistic(name) || name.endsWith("weight") ? 0.5 + value / 2 : value - 0.5);
      const values = noise(length, 31 * i + salt);
      return [name, { shape, values: values.map((v) => (shape.length === 1 ? vector(v) : (v - 0.5) * scale)) }];
    }),
  );

/** Images of any bytes, each with the class of its number. */
export function randomBatch(model: Model, images: number, salt = 0): TrainingBatch {
  return {
    images: Uint8Array.from(noise(images * size(inputShape(model)), salt), (value) => 256 * value),
    labels: Int32Array.from({ length: images }, (_, image) => (image + salt) % model.classes),
    offsets: new Int32Array(3 * images),
  };
}

export const normalization: Normalization = { mean: [0.5, 0.45, 0.4], std: [0.25, 0.2, 0.3] };

/** What a network reads of a batch that is neither cropped nor flipped. */
export const normalized = ({ images }: { images: Uint8Array }): Numbers =>
  Float64Array.from(images, (pixel, i) =>
    Math.fround((pixel / 255 - (normalization.mean[i % 3] as number)) / (normalization.std[i % 3] as number)),
  );

/** ‖a − b‖ / ‖b‖; 0 between equals, also of zeros. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, length] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    length += (b[i] as number) ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / length);
}
