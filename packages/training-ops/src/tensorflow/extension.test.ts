/** What the operations compute on TensorFlow, beside their composed twins on TensorFlow.js' cpu backend. */
import { registerTensorflowBackend, TensorflowUnavailableError } from "@reluctant/tfjs-backend-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { skipFor } from "../../../../test/skip-for.ts";
import {
  addMaskedRelu,
  addMaskedReluComposed,
  affineMaskedRelu,
  affineMaskedReluComposed,
  allFinite,
  augment,
  augmentComposed,
  type BatchNormTrainResult,
  batchNormAddMaskedRelu,
  batchNormAddMaskedReluComposed,
  batchNormMaskedRelu,
  batchNormMaskedReluComposed,
  batchNormTrain,
  batchNormTrainComposed,
  commitStatistics,
  commitStatisticsComposed,
  commitSums,
  commitSumsComposed,
  maskedRelu,
  maskedReluComposed,
  pixelTensor,
  sgdStep,
  sgdStepComposed,
  tensorflowTrainingOps,
} from "../index.ts";
import { noise, relativeError, valueAndGradients } from "../testing.ts";

const unavailable = await registerTensorflowBackend({ threads: 1, extensions: [tensorflowTrainingOps] }).then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof TensorflowUnavailableError) return error.message;
    throw error;
  },
);

type Values = Float32Array | Int32Array | Uint8Array;

async function valuesOn(backend: string, f: () => Values[]): Promise<Values[]> {
  await tf.setBackend(backend);
  return tf.tidy(f);
}

/** The largest `relativeError`. */
async function twinError(fused: () => Values[], composed: () => Values[]): Promise<number> {
  const [expected, actual] = [await valuesOn("cpu", composed), await valuesOn("tensorflow", fused)];
  return Math.max(...expected.map((values, i) => relativeError(actual[i] ?? [], values)));
}

type V = tf.Variable;

const shape: [number, number, number, number] = [4, 5, 6, 17];
const someMask = () => tf.cast(tf.greater(noise(shape.slice(1), 3), 0), "float32") as tf.Tensor;
const masks: [string, () => tf.Tensor | null][] = [
  ["with a mask", someMask],
  ["with every ReLU", () => null],
];
const x = () => tf.add(noise(shape, 1), 0.5) as tf.Tensor4D;

describe("on TensorFlow", skipFor(unavailable), () => {
  let before = 0;
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors).toBe(before));

  it.each(masks)("a masked ReLU and a sum's, %s, have their twins' values and gradients", async (_, mask) => {
    const one = (f: typeof maskedRelu) => () => valueAndGradients((z) => f(z, mask()), [x()]);
    expect(await twinError(one(maskedRelu), one(maskedReluComposed))).toBe(0);
    const sum = (f: typeof addMaskedRelu) => () =>
      valueAndGradients((a, b) => f(a, b as tf.Tensor, mask()), [x(), noise(shape, 2)]);
    expect(await twinError(sum(addMaskedRelu), sum(addMaskedReluComposed))).toBe(0);
  });

  it.each(masks)("batch norms, %s, have their twins' values, gradients and statistics", async (_, mask) => {
    type Inputs = [x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D, residual: tf.Tensor4D];
    type Norm = (...inputs: Inputs) => BatchNormTrainResult;
    const inputs = () => [x(), noise([17], 5), noise([17], 6), noise(shape, 7)] as Inputs;
    const outputs = (norm: Norm, count: number) => () => {
      const { batchMean, batchVariance } = norm(...inputs());
      const graded = valueAndGradients((...t) => norm(...(t as Inputs)).y, inputs().slice(0, count));
      return [...graded, batchMean.dataSync(), batchVariance.dataSync()];
    };
    const twins: [number, Norm, Norm][] = [
      [3, (x, g, b) => batchNormTrain(x, g, b), (x, g, b) => batchNormTrainComposed(x, g, b)],
      [3, (x, g, b) => batchNormMaskedRelu(x, g, b, mask()), (x, g, b) => batchNormMaskedReluComposed(x, g, b, mask())],
      [
        4,
        (x, g, b, r) => batchNormAddMaskedRelu(x, g, b, r, mask()),
        (x, g, b, r) => batchNormAddMaskedReluComposed(x, g, b, r, mask()),
      ],
    ];
    for (const [count, fused, composed] of twins)
      expect(await twinError(outputs(fused, count), outputs(composed, count))).toBeLessThan(2e-5);
  });

  it.each(masks)("a frozen batch norm, %s, has its twin's values", async (_, mask) => {
    const by = (f: typeof affineMaskedRelu, residual: tf.Tensor4D | null) =>
      f({ x: x(), scale: noise([17], 5) as tf.Tensor1D, shift: noise([17], 6) as tf.Tensor1D, residual, mask: mask() });
    const both = (f: typeof affineMaskedRelu) => () =>
      [by(f, null), by(f, noise(shape, 7) as tf.Tensor4D)].map((y) => y.dataSync());
    expect(await twinError(both(affineMaskedRelu), both(affineMaskedReluComposed))).toBeLessThan(1e-6);
  });

  it.each([1, 0])("SGD, statistics and sums move as their twins do under a guard of %s", async (open) => {
    const moved = (step: typeof sgdStep, statistics: typeof commitStatistics, sums: typeof commitSums) => () => {
      const tensors = (seed: number) => [[3, 4], [12], [3, 4], [5]].map((shape, i) => noise(shape, 10 * seed + i));
      const [params, momenta] = [tensors(1), tensors(2)].map((values) => values.map((value) => tf.variable(value)));
      const statisticsAndSum = [5, 6, 7].map((seed) => tf.variable(noise([12], seed)));
      const [mean, variance, sum] = statisticsAndSum as [V, V, V];
      const variables = [...(params as V[]), ...(momenta as V[]), ...statisticsAndSum];
      const guard = tf.scalar(open);
      step({
        params: params as V[],
        momenta: momenta as V[],
        grads: tensors(3),
        patterns: [null, null, tf.cast(tf.greater(noise([3, 4], 10), 0), "float32"), null],
        lr: tf.scalar(0.1),
        momentum: 0.9,
        weightDecay: 0.01,
        guard,
      });
      statistics({
        runningMeans: [mean],
        runningVariances: [variance],
        batchMeans: [noise([12], 11)],
        batchVariances: [noise([12], 12)],
        counts: [7],
        guard,
      });
      sums({ sums: [sum], pending: [noise([12], 13)], guard });
      const values = variables.map((variable) => variable.dataSync());
      tf.dispose(variables);
      return values;
    };
    const composed = moved(sgdStepComposed, commitStatisticsComposed, commitSumsComposed);
    expect(await twinError(moved(sgdStep, commitStatistics, commitSums), composed)).toBeLessThan(open ? 1e-6 : 1e-30);
  });

  it("a value that is not finite closes the guard, wherever it is", async () => {
    await tf.setBackend("tensorflow");
    const guardOf = (...values: number[][]) =>
      tf.tidy(() => allFinite(values.map((v) => tf.tensor1d(v))).dataSync()[0]);
    expect(guardOf([1, 2], [3e38], [])).toBe(1);
    expect(guardOf([])).toBe(1);
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(guardOf([1, odd], [2])).toBe(0);
  });

  it("images are cropped, flipped and normalized bit for bit as by its twin", async () => {
    const bytes = Uint8Array.from({ length: 3 * 5 * 6 * 2 }, (_, i) => (i * 89) % 256);
    const by = (f: typeof augment) => () => {
      const offsets = tf.tensor2d([0, 0, 0, -2, 1, 1, 3, -4, 0], [3, 3], "int32");
      return [f(pixelTensor(bytes, [3, 5, 6, 2]), offsets, { mean: [0.4, 0.5], std: [0.2, 0.3] }).dataSync()];
    };
    expect(await twinError(by(augment), by(augmentComposed))).toBe(0);
  });
});
