import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { whereTensorflow } from "./where-tensorflow.ts";

const noise = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

/** What TensorFlow.js' own backend for processors computes, and how far TensorFlow's is from it: relative to the largest. */
async function difference(f: () => tf.Tensor[]): Promise<number> {
  const [expected, actual] = [await valuesOn("cpu", f), await valuesOn("tensorflow", f)];
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  const errors = expected.map((values, i) => {
    const distance = values.map((value, k) => Math.abs(value - (actual[i]?.[k] ?? Number.NaN)));
    return Math.max(...distance) / Math.max(...values.map(Math.abs));
  });
  return Math.max(...errors);
}

async function valuesOn(backend: string, f: () => tf.Tensor[]): Promise<number[][]> {
  await tf.setBackend(backend);
  return tf.tidy(() => f().map((tensor) => [...tensor.dataSync()]));
}

/** f and the gradient of Σ f · weights by each of its inputs. */
const withGradients = (f: (...x: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] => {
  const y = f(...inputs);
  const weighted = (...x: tf.Tensor[]) => tf.sum(tf.mul(f(...x), noise(y.shape, 9))) as tf.Scalar;
  return [y, ...tf.grads(weighted)(inputs)];
};

type Padding = Parameters<typeof tf.conv2d>[3];
const uneven: Padding = [
  [0, 0],
  [1, 0],
  [0, 2],
  [0, 0],
];

describe("convolutions with their gradients are TensorFlow.js'", whereTensorflow, () => {
  const cases: [string, number, number | [number, number], Padding, number[]][] = [
    ["3×3, padding that 'same' has", 3, 1, 1, [3, 5, 40]],
    ["3×3, stride 2, padding that 'same' has not", 3, 2, 1, [3, 5, 16, 40]],
    ["7×7, stride 2, padding 3", 7, 2, 3, [3]],
    ["5×5, no padding", 5, 1, "valid", [3]],
    ["2×2, 'same'", 2, 2, "same", [3]],
    ["3×3, uneven padding", 3, [2, 1], uneven, [3, 40]],
    ["1×1", 1, 1, 0, [3, 16]],
    ["1×1, stride 2", 1, 2, 0, [1, 3, 8, 15, 16]],
    ["1×1, stride 2, padding", 1, 2, 1, [3]],
  ];
  it.each(cases)("%s", async (_, size, strides, padding, channels) => {
    for (const count of channels) {
      const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, padding);
      const inputs = () => [noise([2, 9, 8, count], 1), noise([size, size, count, 6], 2)];
      expect(await difference(() => withGradients(convolve, inputs())), `${count} channels`).toBeLessThan(1e-5);
    }
  });
});

describe("max-pools with their gradient are TensorFlow.js'", whereTensorflow, () => {
  it.each<[string, number, number, number | "same" | "valid"]>([
    ["3×3, stride 2, padding 1", 3, 2, 1],
    ["2×2, stride 2", 2, 2, "valid"],
    ["3×3, stride 1, padding that 'same' has", 3, 1, 1],
  ])("%s", async (_, size, strides, padding) => {
    const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, size, strides, padding);
    // below 0 everywhere, where padding must never win
    const inputs = () => [tf.sub(noise([2, 9, 8, 5], 3), 10)];
    expect(await difference(() => withGradients(pool, inputs()))).toBeLessThan(1e-5);
  });
});

it("gathers by indices that are on the device, and refuses one that is outside", whereTensorflow, async () => {
  await tf.setBackend("tensorflow");
  const table = tf.tensor1d([10, 20, 30]);
  expect([...tf.gather(table, tf.tensor1d([2, 0], "int32")).dataSync()]).toEqual([30, 10]);
  expect(() => tf.gather(table, tf.tensor1d([3], "int32"))).toThrow(/3 is not in \[0, 3\)/);
});
