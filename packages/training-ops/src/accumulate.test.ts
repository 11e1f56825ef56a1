import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  absDiffAccumulate,
  absDiffSum,
  absDiffSumComposed,
  allFinite,
  allFiniteComposed,
  commitSums,
  commitSumsComposed,
  negPartAccumulate,
  negPartSum,
  negPartSumComposed,
} from "./index.ts";
import { noise, on, twinError, whereTorch } from "./testing.ts";

describe("sums over a batch", whereTorch, () => {
  it.each([
    ["a map", [4, 5, 6, 3]],
    ["one image", [1, 7]],
    ["more units than one tile", [3, 40, 70]],
    ["scalars", [9]],
  ])("agree with their twins, %s", async (_, shape) => {
    const by = (difference: typeof absDiffSum, negative: typeof negPartSum) => () =>
      tf.tidy(() => [difference(noise(shape, 1), noise(shape, 2)), negative(noise(shape, 3))].map((t) => t.dataSync()));
    expect(await twinError(by(absDiffSum, negPartSum), by(absDiffSumComposed, negPartSumComposed))).toBeLessThan(1e-5);
  });

  it("are 0 over an empty batch", async () => {
    const sums = await on("torch", () => Array.from(negPartSum(tf.zeros([0, 3])).dataSync()));
    expect(sums).toEqual([0, 0, 0]);
  });

  it("add to what is there and leave clones alone", async () => {
    const outputs = () => {
      const sum = tf.variable(noise([5, 6, 3], 9));
      const clone = tf.clone(sum);
      absDiffAccumulate(sum, noise([4, 5, 6, 3], 1), noise([4, 5, 6, 3], 2));
      const afterFirst = sum.dataSync();
      negPartAccumulate(sum, noise([4, 5, 6, 3], 3));
      return [afterFirst, sum.dataSync(), clone.dataSync()];
    };
    expect(await twinError(outputs, outputs)).toBeLessThan(1e-5);
  });

  it.each([null, 0, 1])("are committed together under a guard of %s, which a NaN does not pass", async (guard) => {
    const by = (commit: typeof commitSums) => () => {
      const sums = [tf.variable(noise([3, 4], 1)), tf.variable(noise([40], 2))];
      const pending = [noise([3, 4], 3), guard === 0 ? tf.fill([40], Number.NaN) : noise([40], 4)];
      commit({ sums, pending, guard: guard === null ? null : tf.scalar(guard) });
      return sums.map((t) => t.dataSync());
    };
    expect(await twinError(by(commitSums), by(commitSumsComposed))).toBeLessThan(1e-6);
  });

  it("name what does not fit", async () => {
    await on("torch", () => {
      const sums = [tf.variable(tf.zeros([3]))];
      expect(() => commitSums({ sums, pending: [] })).toThrow(/1 sums, 0 pending/);
      expect(() => commitSums({ sums, pending: [tf.zeros([4])] })).toThrow(/commit_sums: a pending sum of shape \[4\]/);
      expect(() => commitSums({ sums, pending: [tf.zeros([3])], guard: tf.zeros([2]) })).toThrow(
        /a guard must be a scalar/,
      );
      expect(() => absDiffSum(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(/abs_diff_sum: b of shape \[2, 4\]/);
      expect(() => negPartSum(tf.scalar(1))).toThrow(/not a scalar/);
    });
  });
});

describe("allFinite", whereTorch, () => {
  const cases: [string, number[], number][] = [
    ["ordinary numbers", [1, -2, 3e38], 1],
    ["a NaN", [1, Number.NaN, 3], 0],
    ["an infinity", [1, 2, Number.NEGATIVE_INFINITY], 0],
    ["nothing", [], 1],
  ];
  it.each(cases)("of %s", async (_, values, expected) => {
    const finite = (f: typeof allFinite) => () => Array.from(f([noise([40, 50], 1), tf.tensor1d(values)]).dataSync());
    expect(await on("torch", finite(allFinite))).toEqual([expected]);
    expect(await on("cpu", finite(allFiniteComposed))).toEqual([expected]);
  });

  it("of no tensor is 1, and sees the last element of a large one", async () => {
    await on("torch", () => {
      expect(allFinite([]).dataSync()[0]).toBe(1);
      const large = tf.concat([tf.ones([100_003]), tf.tensor1d([Number.NaN])]);
      expect(allFinite([large]).dataSync()[0]).toBe(0);
    });
  });
});
