import { setThreads } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  type BatchNormTrainResult,
  batchNorm,
  batchNormAddMaskedRelu,
  batchNormAddMaskedReluComposed,
  batchNormMaskedRelu,
  batchNormMaskedReluComposed,
  batchNormTrain,
  batchNormTrainComposed,
  commitStatistics,
  commitStatisticsComposed,
} from "./index.ts";
import { noise, on, twinError, valueAndGradients, whereTorch } from "./testing.ts";

type Inputs = [x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D, residual: tf.Tensor4D];
type Shape = [number, number, number, number];

const options = { eps: 1e-3 };

/** Value, gradients of everything, and both statistics. */
const outputsOf =
  (shape: Shape, count: 3 | 4, f: (...inputs: Inputs) => BatchNormTrainResult) => (): ArrayLike<number>[] =>
    tf.tidy(() => {
      const c = shape[3];
      // far from 0, as after a convolution with a bias: the variance must not be lost against the mean
      const x = tf.add(noise(shape, 1), 3) as tf.Tensor4D;
      const inputs = [x, noise([c], 5), noise([c], 6), noise(shape, 7)] as Inputs;
      const { batchMean, batchVariance } = f(...inputs);
      const graded = valueAndGradients((...t) => f(...(t as Inputs)).y, inputs.slice(0, count));
      return [...graded, batchMean.dataSync(), batchVariance.dataSync()];
    });

const shapes: [string, Shape][] = [
  ["3 channels", [4, 5, 6, 3]],
  ["16 channels and one image", [1, 7, 5, 16]],
  ["40 channels, not a multiple of a vector", [3, 4, 5, 40]],
  ["more rows than one part holds", [5, 33, 31, 5]],
  ["one position", [8, 1, 1, 17]],
];

describe("batch norm agrees with its composed twin", whereTorch, () => {
  it.each(shapes)("alone: value, gradients and both statistics, %s", async (_, shape) => {
    const by = (f: typeof batchNormTrain) => outputsOf(shape, 3, (x, gamma, beta) => f(x, gamma, beta, options));
    expect(await twinError(by(batchNormTrain), by(batchNormTrainComposed))).toBeLessThan(2e-5);
  });

  it.each(shapes)("with a masked ReLU, %s", async (_, shape) => {
    const mask = () => tf.cast(tf.greater(noise(shape.slice(1), 3), 0), "float32");
    for (const m of [mask, () => null]) {
      const by = (f: typeof batchNormMaskedRelu) =>
        outputsOf(shape, 3, (x, gamma, beta) => f(x, gamma, beta, m(), options));
      expect(await twinError(by(batchNormMaskedRelu), by(batchNormMaskedReluComposed))).toBeLessThan(2e-5);
    }
  });

  it.each(shapes)("with a sum and a masked ReLU, %s", async (_, shape) => {
    const mask = () => tf.greater(noise(shape.slice(1), 3), 0);
    for (const m of [mask, () => null]) {
      const by = (f: typeof batchNormAddMaskedRelu) =>
        outputsOf(shape, 4, (x, gamma, beta, residual) => f(x, gamma, beta, residual, m(), options));
      expect(await twinError(by(batchNormAddMaskedRelu), by(batchNormAddMaskedReluComposed))).toBeLessThan(2e-5);
    }
  });

  it("gives the same bits on one thread and on two", async () => {
    const f = outputsOf([5, 33, 31, 16], 3, (x, gamma, beta) => batchNormMaskedRelu(x, gamma, beta, null, options));
    const [alone, together] = await on("torch", () => {
      const one = f();
      setThreads(2);
      return [one, f()];
    }).finally(() => setThreads(1));
    expect(together).toEqual(alone);
  });

  it("names what does not fit", async () => {
    await on("torch", () => {
      const x = noise([2, 3, 3, 4], 1) as tf.Tensor4D;
      const vector = (size: number) => tf.ones([size]) as tf.Tensor1D;
      expect(() => batchNormTrain(x, vector(3), vector(4))).toThrow(/batch_norm: gamma must be float32 of shape \[4\]/);
      expect(() => batchNormTrain(x, vector(4), tf.ones([4, 1]) as never)).toThrow(/beta must be/);
      expect(() => batchNormTrain(tf.ones([4]) as never, vector(4), vector(4))).toThrow(/needs \[n, h, w, c\]/);
      expect(() => batchNormTrain(tf.scalar(1) as never, vector(4), vector(4))).toThrow(/batch_norm/);
      expect(() => batchNormTrain(tf.zeros([0, 3, 3, 4]), vector(4), vector(4))).toThrow(/of no values/);
      expect(() => batchNormMaskedRelu(x, vector(4), vector(4), tf.ones([3, 3]))).toThrow(/a mask of shape/);
      expect(() => batchNormAddMaskedRelu(x, vector(4), vector(4), tf.ones([2, 3, 3, 5]), null)).toThrow(
        /the residual/,
      );
    });
  });
});

describe("running statistics", whereTorch, () => {
  const moved = (training: boolean) => () => {
    const mean = tf.variable(noise([3], 7));
    const variance = tf.variable(tf.add(tf.abs(noise([3], 8)), 1));
    const clone = tf.clone(mean);
    const [x, gamma, beta] = [noise([4, 5, 6, 3], 1), noise([3], 5), noise([3], 6)] as [
      tf.Tensor4D,
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    const y = batchNorm(x, gamma, beta, mean, variance, { training, decay: 0.8 });
    return [y, mean, variance, clone].map((t) => t.dataSync());
  };

  it("move in training, the variance unbiased, and leave clones of them alone", async () => {
    expect(await twinError(moved(true), moved(true))).toBeLessThan(1e-5);
    const [, mean, , clone] = await on("torch", moved(true));
    expect(mean).not.toEqual(clone);
  });

  it("are used and do not move outside of training", async () => {
    expect(await twinError(moved(false), moved(false))).toBeLessThan(1e-5);
    const [, mean, , clone] = await on("torch", moved(false));
    expect(mean).toEqual(clone);
  });

  const committed = (f: typeof commitStatistics, guard: number | null) => () => {
    const running = [7, 8, 9, 10].map((seed) => tf.variable(noise([seed === 7 || seed === 9 ? 3 : 20], seed)));
    const [a, b, c, d] = running as [tf.Variable, tf.Variable, tf.Variable, tf.Variable];
    f({
      runningMeans: [a, b],
      runningVariances: [c, d],
      batchMeans: [noise([3], 1), tf.fill([20], guard === 0 ? Number.NaN : 2)],
      batchVariances: [noise([3], 3), noise([20], 4)],
      counts: [120, 2],
      guard: guard === null ? null : tf.scalar(guard),
    });
    return running.map((t) => t.dataSync());
  };

  it.each([null, 0, 1])("of several layers are committed at once, guard %s", async (guard) => {
    expect(
      await twinError(committed(commitStatistics, guard), committed(commitStatisticsComposed, guard)),
    ).toBeLessThan(1e-5);
  });

  it("cannot be made unbiased from one value", async () => {
    await on("torch", () => {
      const running = () => tf.variable(tf.zeros([3]));
      const commit = { runningMeans: [running()], runningVariances: [running()], batchMeans: [], batchVariances: [] };
      const one = [tf.zeros([3])];
      expect(() => commitStatistics({ ...commit, counts: [5] })).toThrow(/lists of 1,1,0,0,1 entries/);
      expect(() => commitStatistics({ ...commit, batchMeans: one, batchVariances: one, counts: [1] })).toThrow(
        /no unbiased variance of 1 values/,
      );
    });
  });
});
