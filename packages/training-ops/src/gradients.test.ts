import { torchInfo } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { addMaskedRelu, batchNorm, maskedRelu } from "./index.ts";
import { type Mode, noise, on, relativeError, whereTorch } from "./testing.ts";

const tolerance = 1e-5;

/** A small residual net with everything that training uses; stride 2 with "same" pads unevenly. */
function setup() {
  const variable = (shape: number[], seed: number, spread: number) =>
    tf.tidy(() => tf.variable(noise(shape, seed, spread)));
  const weights = {
    w1: variable([3, 3, 3, 8], 1, 0.3),
    gamma: variable([8], 2, 0.5),
    beta: variable([8], 3, 0.5),
    w2: variable([3, 3, 8, 8], 4, 0.2),
    w3: variable([3, 3, 8, 12], 5, 0.2),
    dense: variable([12, 5], 6, 0.3),
  };
  const running = tf.tidy(() => ({
    mean: tf.variable(tf.zeros([8]), false),
    variance: tf.variable(tf.ones([8]), false),
  }));
  const x = noise([4, 8, 8, 3], 7);
  const mask = tf.tidy(() => tf.cast(tf.greater(noise([8, 8, 8], 8), 0), "float32"));
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d([0, 3, 2, 4], "int32"), 5));
  const loss = () => {
    const { w1, gamma, beta, w2, w3, dense } = weights;
    const a = tf.conv2d(x as tf.Tensor4D, w1 as unknown as tf.Tensor4D, 1, "same");
    const normalized = batchNorm(a, gamma as never, beta as never, running.mean, running.variance, { training: true });
    const b = maskedRelu(normalized, mask);
    const c = addMaskedRelu(tf.conv2d(b, w2 as unknown as tf.Tensor4D, 1, "same"), b, mask);
    const d = maskedRelu(tf.conv2d(c, w3 as unknown as tf.Tensor4D, 2, "same"), null);
    // the cpu backend's gradient of a padded average divides by the whole window, so "valid" here
    const pooled = tf.add(tf.maxPool(d, 3, 2, "same"), tf.avgPool(d, 2, 2, "valid"));
    const z = tf.matMul(tf.mean<tf.Tensor2D>(pooled, [1, 2]), dense as unknown as tf.Tensor2D);
    const entropy = tf.losses.softmaxCrossEntropy(labels, z);
    const soft = tf.mean(
      tf.sum(tf.mul(tf.softmax(tf.div(z, 4)), tf.sub(tf.logSoftmax(tf.div(z, 4)), tf.logSoftmax(z))), 1),
    );
    return tf.add(entropy, soft) as tf.Scalar;
  };
  return { weights, running, x, mask, labels, loss, dispose: () => tf.dispose([weights, running, x, mask, labels]) };
}

async function gradients() {
  const { weights, running, loss, dispose } = setup();
  const tensorsBefore = tf.memory().numTensors;
  const { value, grads } = tf.variableGrads(loss, Object.values(weights));
  const result = {
    loss: await value.data(),
    ...Object.fromEntries(
      await Promise.all(Object.entries(weights).map(async ([name, w]) => [name, await grads[w.name]?.data()])),
    ),
    runningMean: await running.mean.data(),
    runningVariance: await running.variance.data(),
  } as Record<string, Float32Array>;
  tf.dispose([value, grads]);
  const leaked = tf.memory().numTensors - tensorsBefore;
  dispose();
  return { result, leaked };
}

describe("gradients of a small residual net", whereTorch, () => {
  it.each<Mode>(["sync", "async"])("agree with the cpu backend, %s", async (mode) => {
    const expected = await on("cpu", gradients);
    const actual = await on("torch", gradients, mode);
    const errors = Object.entries(expected.result).map(
      ([name, values]) => [name, relativeError(actual.result[name] as Float32Array, values)] as const,
    );
    expect(errors.filter(([, error]) => !(error <= tolerance))).toEqual([]);
    expect(errors).toHaveLength(9);
  });

  it.each<Mode>(["sync", "async"])("leave no tensor behind, in TensorFlow.js or in the bridge, %s", async (mode) => {
    await on("torch", gradients, mode); // the first use of an operator may cache something
    const before = torchInfo().tensors;
    const { leaked } = await on("torch", gradients, mode);
    expect(leaked).toBe(0);
    expect(torchInfo().tensors).toBe(before);
  });
});
