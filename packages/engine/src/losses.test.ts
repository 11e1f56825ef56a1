import {
  attentionMismatch,
  softmaxCrossEntropy as crossEntropy,
  klDivergence as divergence,
  rawMismatch,
} from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "./backends.ts";

beforeAll(() => openBackend({ backend: "cpu", threads: 1, precision: "fp32" }));

/** Numbers without structure in [−1, 1]. */
const values = (count: number, salt: number) =>
  Array.from({ length: count }, (_, i) => Math.sin(12.9 * (i + 1) + 78.2 * salt));
const logits = (salt: number) => tf.tensor2d(values(12, salt), [3, 4]);
const maps = (salt: number) => tf.tensor4d(values(48, salt), [2, 2, 3, 4]);
const labels = (...values: number[]) => tf.tensor1d(values, "int32");

/** Largest difference between the gradient at x and central differences of the loss. */
async function gradientError(loss: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor): Promise<number> {
  const gradient = tf
    .grad((at: tf.Tensor) => loss(at))(x)
    .dataSync();
  const start = Float32Array.from(x.dataSync());
  const step = 1e-2;
  const at = (i: number, by: number) =>
    loss(
      tf.tensor(
        start.map((value, j) => value + (i === j ? by : 0)),
        x.shape,
      ),
    ).dataSync()[0] as number;
  return Math.max(
    ...start.map((_, i) => Math.abs((gradient[i] as number) - (at(i, step) - at(i, -step)) / (2 * step))),
  );
}

describe("losses", () => {
  it.each<[string, (x: tf.Tensor) => tf.Scalar, () => tf.Tensor]>([
    ["cross-entropy", (x) => crossEntropy(x as tf.Tensor2D, labels(2, 0, 3)), () => logits(1)],
    ["divergence", (x) => divergence(logits(2), x as tf.Tensor2D, 4), () => logits(1)],
    ["attention mismatch", (x) => attentionMismatch(maps(2), x), () => maps(1)],
    ["raw mismatch", (x) => rawMismatch(maps(2), x), () => maps(1)],
  ])("%s has the gradient of its values", async (_, loss, x) => {
    expect(await gradientError(loss, x())).toBeLessThan(5e-4);
  });

  it("cross-entropy is −log of the label's probability, averaged over the batch", () => {
    const certain = tf.tensor2d([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(crossEntropy(certain, labels(1, 3)).dataSync()[0]).toBeCloseTo(Math.log(4), 6);
    expect(crossEntropy(tf.tensor2d([[200, 0]]), labels(1)).dataSync()[0]).toBeCloseTo(200, 3);
  });

  it("divergence is T² times KL from teacher to student, 0 between equals", () => {
    expect(divergence(logits(1), logits(1), 4).dataSync()[0]).toBeCloseTo(0, 6);
    const [teacher, student, T] = [[1, 0], [0, 2], 4];
    const softmax = (z: number[]) =>
      z.map((value) => Math.exp(value / T) / z.reduce((sum, other) => sum + Math.exp(other / T), 0));
    const [p, q] = [softmax(teacher), softmax(student)];
    const expected = T * T * p.reduce((sum, share, k) => sum + share * Math.log(share / (q[k] as number)), 0);
    expect(divergence(tf.tensor2d([teacher]), tf.tensor2d([student]), T).dataSync()[0]).toBeCloseTo(expected, 5);
  });

  it("mismatches are 0 between equals, blind to scale, and finite where a student is dead", () => {
    for (const mismatch of [attentionMismatch, rawMismatch]) {
      expect(mismatch(maps(1), tf.mul(maps(1), 3)).dataSync()[0]).toBeCloseTo(0, 5);
      const gradient = tf
        .grad((x: tf.Tensor) => mismatch(maps(1), x))(tf.zeros([2, 2, 3, 4]))
        .dataSync();
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });
});
