import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { noise, on, relativeError } from "../testing.ts";
import { whereTorch } from "../where-torch.ts";

/** Windows of one element with gaps between them, over few channels: for each a way of its own on torch. */
const narrow: Record<string, (x: tf.Tensor, filter: tf.Tensor) => tf.Tensor> = {
  "no padding": (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, "valid"),
  same: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 3, "same"),
  "unlike strides": (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [1, 2], "same"),
  "padding on both sides": (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 1),
  "uneven padding": (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, padding),
};
const padding: [[number, number], [number, number], [number, number], [number, number]] = [
  [0, 0],
  [1, 0],
  [0, 2],
  [0, 0],
];

describe("the gradient of a narrow 1x1 filter with stride", whereTorch, () => {
  const gradient = (f: (filter: tf.Tensor) => tf.Tensor, shape: number[]) => () =>
    tf.tidy(() =>
      tf
        .grad((filter: tf.Tensor) => tf.sum(tf.mul(f(filter), noise(f(filter).shape, 11))))(noise(shape, 5))
        .dataSync(),
    );

  it.each(Object.entries(narrow))("%s", async (_, f) => {
    for (const channels of [1, 3, 15, 16]) {
      const each = gradient((filter) => f(noise([3, 9, 8, channels], 4), filter), [1, 1, channels, 5]);
      expect(relativeError(await on("torch", each), await on("cpu", each))).toBeLessThan(1e-5);
    }
  });

  it("in three dimensions", async () => {
    const volume = noise([2, 5, 4, 6, 3], 4) as tf.Tensor5D;
    const each = gradient((filter) => tf.conv3d(volume, filter as tf.Tensor5D, 2, "valid"), [1, 1, 1, 3, 5]);
    expect(relativeError(await on("torch", each), await on("cpu", each))).toBeLessThan(1e-5);
  });

  it("of each channel alone", async () => {
    const image = noise([3, 9, 8, 3], 4) as tf.Tensor4D;
    const each = gradient((filter) => tf.depthwiseConv2d(image, filter as tf.Tensor4D, 2, "same"), [1, 1, 3, 2]);
    expect(relativeError(await on("torch", each), await on("cpu", each))).toBeLessThan(1e-5);
  });
});
