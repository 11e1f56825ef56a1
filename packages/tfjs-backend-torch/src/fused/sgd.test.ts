import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { sgdStep, sgdStepComposed } from "../index.ts";
import { type Mode, on, titled, unavailable } from "../testing.ts";

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

describe.skipIf(unavailable)(titled("sgdStep in place"), () => {
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
});
