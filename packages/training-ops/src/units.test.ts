import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { augment, pixelTensor, topMask, topMaskComposed } from "./index.ts";
import { noise, on, whereTorch } from "./testing.ts";

const normalization = { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] };
const [height, width] = [7, 5];

/** Images of all bytes, and offsets beyond every edge, flipped and not. */
function batch() {
  const offsets = [-8, -2, -1, 0, 1, 2, 7].flatMap((dy) =>
    [-5, -1, 0, 3, 6].flatMap((dx) => [
      [dy, dx, 0],
      [dy, dx, 1],
    ]),
  );
  const pixels = Uint8Array.from({ length: offsets.length * height * width * 3 }, (_, i) => (i * 7919) >> 3);
  return { offsets, pixels, shape: [offsets.length, height, width, 3] as [number, number, number, number] };
}

/** By hand: crop from (dy, dx), black outside, then flip, then normalize in double. */
function byHand() {
  const { offsets, pixels } = batch();
  return Float32Array.from(pixels, (_, i) => {
    const [n, y, x, c] = [
      Math.floor(i / (height * width * 3)),
      Math.floor(i / (width * 3)) % height,
      Math.floor(i / 3) % width,
      i % 3,
    ];
    const [dy = 0, dx = 0, flip = 0] = offsets[n] ?? [];
    const [row, column] = [y + dy, (flip ? width - 1 - x : x) + dx];
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    const pixel = inside ? (pixels[((n * height + row) * width + column) * 3 + c] as number) : 0;
    return (pixel / 255 - (normalization.mean[c] as number)) / (normalization.std[c] as number);
  });
}

function augmented() {
  const { offsets, pixels, shape } = batch();
  const moves = tf.tensor2d(offsets, [shape[0], 3], "int32");
  return augment(pixelTensor(pixels, shape), moves, normalization).data();
}

describe("augment", () => {
  it("is bit for bit what is computed by hand, composed", async () => {
    expect(await on("cpu", augmented)).toEqual(byHand());
  });

  it.each(["sync", "async"] as const)("and as a kernel, %s", whereTorch, async (mode) => {
    expect(await on("torch", augmented, mode)).toEqual(byHand());
  });

  it("names what does not fit", whereTorch, async () => {
    await on("torch", () => {
      const pixels = pixelTensor(new Uint8Array(24), [2, 2, 2, 3]);
      const offsets = (rows: number, columns: number) => tf.zeros([rows, columns], "int32") as tf.Tensor2D;
      expect(() => augment(pixels, offsets(1, 3), normalization)).toThrow(/offsets must be int32 \[2, 3\]/);
      expect(() => augment(pixels, offsets(2, 2), normalization)).toThrow(/offsets must be int32 \[2, 3\]/);
      expect(() => augment(pixels, tf.zeros([2, 3]), normalization)).toThrow(/offsets must be int32/);
      expect(() => augment(pixels, offsets(2, 3), { mean: [0], std: [1] })).toThrow(/1 means and 1 deviations for 3/);
      expect(() => augment(tf.zeros([2, 2, 2, 3]), offsets(2, 3), normalization)).toThrow(/pixels must be int32/);
    });
  });
});

describe("topMask", whereTorch, () => {
  const cases: [string, number[], number, number[]][] = [
    ["the largest", [1, 5, 3, 4], 2, [0, 1, 0, 1]],
    ["none", [1, 5, 3, 4], 0, [0, 0, 0, 0]],
    ["all", [1, 5, 3, 4], 4, [1, 1, 1, 1]],
    ["ties by index", [2, 2, 2, 2, 2], 3, [1, 1, 1, 0, 0]],
    ["ties at the threshold only", [1, 2, 3, 2, 2], 3, [0, 1, 1, 1, 0]],
    ["negative scores and both zeros", [-1, -0, 0, -3], 2, [0, 1, 1, 0]],
    ["NaN as −∞", [Number.NaN, 1, Number.NEGATIVE_INFINITY, 0], 3, [1, 1, 0, 1]],
    ["of nothing", [], 0, []],
  ];
  it.each(cases)("keeps %s", async (_, scores, count, expected) => {
    const by = (f: typeof topMask) => () => Array.from(f(tf.tensor1d(scores), count).dataSync());
    expect(await on("torch", by(topMask))).toEqual(expected);
    expect(await on("cpu", by(topMaskComposed))).toEqual(expected);
  });

  it("keeps exactly the count of many scores with many ties, as its twin does", async () => {
    const by = (f: typeof topMask) => () => Array.from(f(tf.round(tf.mul(noise([20, 30, 7], 1), 3)), 1234).dataSync());
    const mask = await on("torch", by(topMask));
    expect(mask.reduce((a, b) => a + b, 0)).toBe(1234);
    expect(mask).toEqual(await on("cpu", by(topMaskComposed)));
  });

  it("refuses counts that no layer can keep", async () => {
    await on("torch", () => {
      for (const count of [-1, 5, 1.5, Number.NaN]) expect(() => topMask(tf.zeros([4]), count)).toThrow(/cannot keep/);
      expect(() => topMask(tf.zeros([4], "int32"), 2)).toThrow(/scores must be float32/);
    });
  });
});
