import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { sgdStep, sgdStepComposed } from "./index.ts";
import { type Mode, noise, on, twinError, whereTorch } from "./testing.ts";

const rates = { lr: 0.1, momentum: 0.9, weightDecay: 0.01 };

/** One parameter [1, -2] with gradient [0.5, 0.25]. */
function setup() {
  const host = new Float32Array([1, -2]);
  const initial = tf.tensor1d(host);
  const p = tf.variable(initial);
  const v = tf.variable(tf.zeros([2]));
  const g = tf.tensor1d([0.5, 0.25]);
  return { host, initial, p, v, g, step: { params: [p], momenta: [v], grads: [g], ...rates } };
}

// by hand, in double precision: v1 = g + wd·p0; p1 = p0 − lr·v1; v2 = 0.9·v1 + g + wd·p1; p2 = p1 − lr·v2
const v1 = [0.5 + 0.01 * 1, 0.25 + 0.01 * -2] as const;
const p1 = [1 - 0.1 * v1[0], -2 - 0.1 * v1[1]] as const;
const v2 = [0.9 * v1[0] + 0.5 + 0.01 * p1[0], 0.9 * v1[1] + 0.25 + 0.01 * p1[1]] as const;
const p2 = [p1[0] - 0.1 * v2[0], p1[1] - 0.1 * v2[1]];

const expectClose = (actual: ArrayLike<number>, expected: readonly number[]) => {
  for (const [i, x] of expected.entries()) expect(actual[i]).toBeCloseTo(x, 6);
};

describe("sgdStepComposed", () => {
  it("takes two steps as computed by hand", async () => {
    await tf.setBackend("cpu");
    const { p, v, step } = setup();
    sgdStepComposed(step);
    sgdStepComposed(step);
    expectClose(p.dataSync(), p2);
    expectClose(v.dataSync(), v2);
  });

  it("refuses lists of different lengths", async () => {
    await tf.setBackend("cpu");
    const { step } = setup();
    expect(() => sgdStep({ ...step, grads: [] })).toThrow(/1 params, 0 grads and 1 momenta/);
  });
});

describe("sgdStep in place", whereTorch, () => {
  it.each<Mode>(["sync", "async"])("takes two steps as computed by hand, %s", async (mode) => {
    await on(
      "torch",
      async () => {
        const { p, v, g, step } = setup();
        sgdStep(step);
        sgdStep(step);
        expectClose(await p.data(), p2);
        expectClose(await v.data(), v2);
        expectClose(await g.data(), [0.5, 0.25]);
      },
      mode,
    );
  });

  it.each<Mode>(["sync", "async"])(
    "never changes a clone, a view, a pending read, the initial tensor or the uploaded array, %s",
    async (mode) => {
      await on(
        "torch",
        async () => {
          const { host, initial, p, step } = setup();
          const clone = tf.clone(p);
          const view = tf.reshape(p, [2, 1]);
          const pending = p.data();
          sgdStep(step);
          const later = p.data();
          expectClose(await later, p1);
          for (const values of [await clone.data(), await view.data(), await pending, await initial.data(), host]) {
            expect(Array.from(values)).toEqual([1, -2]);
          }
        },
        mode,
      );
    },
  );

  it("does not copy a parameter that nobody shares: its tensor stays the same", async () => {
    await on("torch", () => {
      const { initial, p, step } = setup();
      initial.dispose();
      const { dataId } = p;
      sgdStep(step);
      expect(p.dataId).toBe(dataId);
    });
  });

  it("keeps a clone of a filter that a convolution has laid out anew", async () => {
    await on("torch", () => {
      const filter = tf.variable(tf.randomNormal([3, 3, 2, 4], 0, 1, "float32", 1));
      const before = Array.from(filter.dataSync());
      const clone = tf.clone(filter);
      tf.conv2d(tf.ones<tf.Rank.R4>([1, 5, 5, 2]), filter as unknown as tf.Tensor4D, 1, "same");
      sgdStep({
        params: [filter],
        grads: [tf.ones([3, 3, 2, 4])],
        momenta: [tf.variable(tf.zeros([3, 3, 2, 4]))],
        lr: 1,
        momentum: 0,
        weightDecay: 0,
      });
      expect(Array.from(clone.dataSync())).toEqual(before);
      expect(Array.from(filter.dataSync())).toEqual(before.map((x) => Math.fround(x - 1)));
    });
  });

  it("agrees with its twin over several parameters, one of them sparse, at a rate that is a tensor", async () => {
    const by = (f: typeof sgdStep) => () => {
      const shapes = [[3, 3, 4, 5], [20], [40, 10]];
      const variables = (seed: number) => shapes.map((shape, i) => tf.variable(noise(shape, seed + i)));
      const [params, momenta] = [variables(1), variables(4)];
      const pattern = tf.cast(tf.greater(noise([3, 3, 4, 5], 20), 0), "float32");
      for (const seed of [7, 10]) {
        const grads = shapes.map((shape, i) => noise(shape, seed + i));
        f({ params, momenta, grads, patterns: [pattern, null, null], ...rates, lr: tf.scalar(0.1) });
      }
      return [...params, ...momenta].map((t) => t.dataSync());
    };
    expect(await twinError(by(sgdStep), by(sgdStepComposed))).toBeLessThan(1e-6);
  });

  it.each([
    [0, false],
    [1, true],
  ])("moves nothing unless its guard is open: %s", async (guard, moves) => {
    const by = (f: typeof sgdStep) => () => {
      const { p, v, step } = setup();
      f({ ...step, grads: [tf.tensor1d([moves ? 1 : Number.NaN, 1])], guard: tf.scalar(guard) });
      return [p.dataSync(), v.dataSync()];
    };
    expect(await twinError(by(sgdStep), by(sgdStepComposed))).toBeLessThan(1e-6);
    const [p] = await on("torch", by(sgdStep));
    expect(Array.from(p as Float32Array).join() !== "1,-2").toBe(moves);
  });

  it("keeps a pattern's zeros in a filter that a convolution has laid out anew", async () => {
    await on("torch", () => {
      const filter = tf.variable(noise([3, 3, 2, 4], 1));
      const pattern = tf.cast(tf.greater(noise([3, 3, 2, 4], 2), 0), "float32");
      tf.conv2d(tf.ones<tf.Rank.R4>([1, 5, 5, 2]), filter as unknown as tf.Tensor4D, 1, "same");
      const before = Array.from(filter.dataSync());
      const step = { params: [filter], grads: [tf.ones([3, 3, 2, 4])], momenta: [tf.variable(tf.zeros([3, 3, 2, 4]))] };
      sgdStep({ ...step, patterns: [pattern], lr: 1, momentum: 0, weightDecay: 0 });
      const kept = Array.from(pattern.dataSync());
      const expected = before.map((x, i) => (kept[i] ? Math.fround(x - 1) : 0));
      expect(Array.from(filter.dataSync(), (x) => x + 0)).toEqual(expected);
    });
  });

  it("names what does not fit", async () => {
    await on("torch", () => {
      const { step } = setup();
      expect(() => sgdStep({ ...step, grads: [tf.zeros([3])] })).toThrow(
        /sgd: .*the parameter's shape \[2\], not \[3\]/,
      );
      expect(() => sgdStep({ ...step, lr: tf.zeros([2]) as never })).toThrow(/the rate must be a scalar/);
      expect(() => sgdStep({ ...step, guard: tf.zeros([2]) })).toThrow(/a guard must be a scalar/);
      expect(() => sgdStep({ ...step, patterns: [tf.ones([4])] })).toThrow(/sgd: .*pattern must have/);
      const momenta = [tf.variable(tf.zeros([2], "int32"))];
      expect(() => sgdStep({ ...step, momenta })).toThrow(/a momentum must be float32/);
    });
  });
});
