import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  absDiffAccumulate,
  absDiffAccumulateComposed,
  addMaskedRelu,
  addMaskedReluComposed,
  batchNorm,
  batchNormComposed,
  batchNormTrain,
  batchNormTrainComposed,
  maskedRelu,
  maskedReluComposed,
  negPartAccumulate,
  negPartAccumulateComposed,
} from "../index.ts";
import { noise, on, relativeError, titled, unavailable } from "../testing.ts";

const tolerance = 1e-5;

/** Value and gradients of Σ f(inputs) · weights, as plain arrays. */
function valueAndGradients(f: (...x: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): Float32Array[] {
  return tf.tidy(() => {
    const y = f(...inputs);
    const weights = noise(y.shape, 99);
    const gradients = tf.grads((...x: tf.Tensor[]) => tf.sum(tf.mul(f(...x), weights)))(inputs);
    return [y, ...gradients].map((t) => t.dataSync() as Float32Array);
  });
}

/** The fused function on torch must agree with its twin on the cpu backend. */
async function expectTwins(fused: () => Float32Array[], composed: () => Float32Array[]) {
  const actual = await on("torch", fused);
  const expected = await on("cpu", composed);
  expect(actual).toHaveLength(expected.length);
  for (const [i, values] of expected.entries())
    expect(relativeError(actual[i] as Float32Array, values)).toBeLessThan(tolerance);
}

const images = (seed: number) => noise([4, 5, 6, 3], seed);
const maskLike = (dtype: "float32" | "bool", shape: number[]) => tf.cast(tf.greater(noise(shape, 3), 0), dtype);

describe.skipIf(unavailable)(titled("fused operations agree with their composed twins"), () => {
  it.each([
    ["float32 mask [h, w, c]", () => maskLike("float32", [5, 6, 3])],
    ["bool mask [1, h, w, c]", () => maskLike("bool", [1, 5, 6, 3])],
    ["no mask", () => null],
  ])("maskedRelu and addMaskedRelu, value and gradient, %s", async (_, mask) => {
    const one = (f: typeof maskedRelu) => () =>
      tf.tidy(() => {
        const m = mask();
        return valueAndGradients((x) => f(x as tf.Tensor, m), [images(1)]);
      });
    const two = (f: typeof addMaskedRelu) => () =>
      tf.tidy(() => {
        const m = mask();
        return valueAndGradients((a, b) => f(a as tf.Tensor, b as tf.Tensor, m), [images(1), images(2)]);
      });
    await expectTwins(one(maskedRelu), one(maskedReluComposed));
    await expectTwins(two(addMaskedRelu), two(addMaskedReluComposed));
  });

  it("maskedRelu is bit for bit the identity where the mask is 0, and has tf.relu's gradient 0 at a kept zero", async () => {
    const x = [-2, -0.1, 0, 3, -2, -0.1, 0, 3];
    const values = await on("torch", () =>
      tf.tidy(() => {
        const mask = tf.tensor1d([1, 1, 1, 1, 0, 0, 0, 0]);
        const gradient = tf.grad((t) => tf.sum(maskedRelu(t, mask)))(tf.tensor2d(x, [1, 8]));
        return [maskedRelu(tf.tensor2d(x, [1, 8]), mask).dataSync(), gradient.dataSync()];
      }),
    );
    expect(Array.from(values[0] as Float32Array)).toEqual([0, 0, 0, 3, -2, Math.fround(-0.1), 0, 3]);
    expect(Array.from(values[1] as Float32Array)).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it("batchNormTrain: value, gradients and both statistics", async () => {
    const inputs = () => [images(1), noise([3], 5), noise([3], 6)];
    const outputs = (f: typeof batchNormTrain) => () =>
      tf.tidy(() => {
        const [x, gamma, beta] = inputs() as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
        const { batchMean, batchVariance } = f(x, gamma, beta, { eps: 1e-3 });
        const graded = valueAndGradients(
          (a, b, c) => f(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, { eps: 1e-3 }).y,
          [x, gamma, beta],
        );
        return [...graded, batchMean.dataSync() as Float32Array, batchVariance.dataSync() as Float32Array];
      });
    await expectTwins(outputs(batchNormTrain), outputs(batchNormTrainComposed));
  });

  it("batchNorm moves the running statistics, the variance unbiased, and leaves clones of them alone", async () => {
    const outputs = (f: typeof batchNorm) => () => {
      const mean = tf.variable(noise([3], 7));
      const variance = tf.variable(tf.add(tf.abs(noise([3], 8)), 1));
      const clone = tf.clone(mean);
      const y = f(
        images(1) as tf.Tensor4D,
        noise([3], 5) as tf.Tensor1D,
        noise([3], 6) as tf.Tensor1D,
        mean,
        variance,
        { training: true, decay: 0.8 },
      );
      return [y, mean, variance, clone].map((t) => t.dataSync() as Float32Array);
    };
    await expectTwins(outputs(batchNorm), outputs(batchNormComposed));
  });

  it("batchNorm outside of training uses the running statistics and does not move them", async () => {
    const outputs = () => {
      const mean = tf.variable(noise([3], 7));
      const variance = tf.variable(tf.add(tf.abs(noise([3], 8)), 1));
      const y = batchNorm(
        images(1) as tf.Tensor4D,
        noise([3], 5) as tf.Tensor1D,
        noise([3], 6) as tf.Tensor1D,
        mean,
        variance,
        { training: false },
      );
      return [y, mean, variance].map((t) => t.dataSync() as Float32Array);
    };
    await expectTwins(outputs, outputs);
  });

  it("the accumulators add to what is there and leave clones alone", async () => {
    const outputs = (difference: typeof absDiffAccumulate, negative: typeof negPartAccumulate) => () => {
      const sum = tf.variable(noise([5, 6, 3], 9));
      const clone = tf.clone(sum);
      difference(sum, images(1), images(2));
      const afterFirst = sum.dataSync() as Float32Array;
      negative(sum, images(3));
      return [afterFirst, sum.dataSync() as Float32Array, clone.dataSync() as Float32Array];
    };
    await expectTwins(
      outputs(absDiffAccumulate, negPartAccumulate),
      outputs(absDiffAccumulateComposed, negPartAccumulateComposed),
    );
  });
});
