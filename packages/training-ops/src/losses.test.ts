import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  attentionMismatch,
  attentionMismatchComposed,
  klDivergence,
  klDivergenceComposed,
  rawMismatch,
  rawMismatchComposed,
  softmaxCrossEntropy,
  softmaxCrossEntropyComposed,
} from "./index.ts";
import { noise, on, twinError, valueAndGradients, whereTorch } from "./testing.ts";

const labels = (...values: number[]) => tf.tensor1d(values, "int32");
const gradedBy = (f: (student: tf.Tensor) => tf.Tensor, student: () => tf.Tensor) => () =>
  tf.tidy(() => valueAndGradients(f, [student()]));

describe("losses agree with their composed twins, value and gradient", whereTorch, () => {
  it.each([2, 3, 100])("softmax cross-entropy, %s classes", async (classes) => {
    const by = (f: typeof softmaxCrossEntropy) =>
      gradedBy(
        (z) => f(z as tf.Tensor2D, labels(0, classes - 1, classes >> 1)),
        () => noise([3, classes], 1, 5),
      );
    expect(await twinError(by(softmaxCrossEntropy), by(softmaxCrossEntropyComposed))).toBeLessThan(1e-5);
  });

  it("softmax cross-entropy of logits far apart, where a plain exponential would overflow", async () => {
    const by = (f: typeof softmaxCrossEntropy) =>
      gradedBy(
        (z) => f(z as tf.Tensor2D, labels(0, 1)),
        () => tf.tensor2d([1000, -1000, 500, 499], [2, 2]),
      );
    expect(await twinError(by(softmaxCrossEntropy), by(softmaxCrossEntropyComposed))).toBeLessThan(1e-5);
  });

  it.each([1, 4])("divergence at temperature %s", async (temperature) => {
    const by = (f: typeof klDivergence) =>
      gradedBy(
        (z) => f(noise([5, 10], 2, 3) as tf.Tensor2D, z as tf.Tensor2D, temperature),
        () => noise([5, 10], 1, 3),
      );
    expect(await twinError(by(klDivergence), by(klDivergenceComposed))).toBeLessThan(1e-5);
  });

  const maps: [string, number[]][] = [
    ["17 channels", [3, 4, 5, 17]],
    ["one image", [1, 6, 6, 32]],
    ["one position", [4, 1, 1, 64]],
  ];
  const pairs = [
    ["attention", attentionMismatch, attentionMismatchComposed],
    ["raw", rawMismatch, rawMismatchComposed],
  ] as const;
  for (const [form, fused, composed] of pairs) {
    it.each(maps)(`mismatch of activations, ${form}, %s`, async (_, shape) => {
      const by = (f: typeof fused) =>
        gradedBy(
          (map) => f(tf.relu(noise(shape, 2)), map),
          () => tf.relu(noise(shape, 1)),
        );
      expect(await twinError(by(fused), by(composed))).toBeLessThan(2e-5);
    });

    it(`has a finite gradient at an all-zero map, ${form}`, async () => {
      const values = await on(
        "torch",
        gradedBy(
          (map) => fused(noise([2, 2, 2, 3], 2), map),
          () => tf.zeros([2, 2, 2, 3]),
        ),
      );
      expect(values.every((v) => Array.from(v).every(Number.isFinite))).toBe(true);
    });
  }

  it("is disposed of with its scope", async () => {
    await on("torch", () => {
      const z = noise([2, 10], 1) as tf.Tensor2D;
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        tf.grad((x) => softmaxCrossEntropy(x as tf.Tensor2D, labels(1, 2)))(z);
        softmaxCrossEntropy(z, labels(1, 2));
        rawMismatch(z, z);
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  it("names what does not fit", async () => {
    await on("torch", () => {
      const z = noise([2, 10], 1) as tf.Tensor2D;
      expect(() => softmaxCrossEntropy(z, labels(1))).toThrow(/labels must be int32 \[2\]/);
      expect(() => softmaxCrossEntropy(z, tf.tensor1d([1, 2]))).toThrow(/labels must be int32/);
      expect(() => softmaxCrossEntropy(tf.zeros([0, 10]), labels())).toThrow(/must be \[batch, classes\]/);
      expect(() => klDivergence(noise([2, 9], 1) as tf.Tensor2D, z, 4)).toThrow(/\[2, 9\]/);
      expect(() => klDivergence(z, z, 0)).toThrow(/temperature must be positive/);
      expect(() => attentionMismatch(z, z)).toThrow(/must be \[batch, h, w, c\]/);
      expect(() => attentionMismatch(noise([1, 2, 2, 3], 1), noise([1, 2, 2, 4], 1))).toThrow(/the teacher's map/);
      expect(() => rawMismatch(tf.scalar(1), tf.scalar(1))).toThrow(/must be \[batch, ...\]/);
    });
  });
});
