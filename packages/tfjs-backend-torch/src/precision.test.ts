import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { type Precision, type Received, recordStep, setPrecision, storedType, supportedPrecisions } from "./index.ts";
import { type Mode, noise, on, relativeError } from "./testing.ts";
import { skipFor, unavailable, whereTorch } from "./where-torch.ts";

const noBf16 = "no bfloat16 instructions, on this processor or at the level forced on it";
const without = unavailable ?? (supportedPrecisions().includes("bf16") ? undefined : noBf16);

/** The most by which rounding to bfloat16 changes a value, relatively. */
const rounding = 2 ** -9;

/** Runs `f` on the torch backend in a precision. */
const inPrecision = <T>(precision: Precision, f: () => T, mode: Mode = "sync"): Promise<T> =>
  on(
    "torch",
    () => {
      setPrecision(precision);
      try {
        return tf.tidy(f as () => never) as T;
      } finally {
        setPrecision("fp32");
      }
    },
    mode,
  );

/** Noise rounded to bfloat16, half to even: what an activation is stored as. */
function rounded(shape: number[], seed: number): tf.Tensor {
  const values = noise(shape, seed).dataSync() as Float32Array;
  const bits = new Uint32Array(values.buffer);
  for (const [i, b] of bits.entries()) bits[i] = ((b + 0x7fff + ((b >>> 16) & 1)) >>> 16) << 16;
  return tf.tensor(values, shape);
}

/** x as a convolution would leave it: stored as bfloat16. */
const stored = (x: tf.Tensor): tf.Tensor4D => {
  const channels = x.shape[3] as number;
  return tf.conv2d(x as tf.Tensor4D, tf.reshape(tf.eye(channels), [1, 1, channels, channels]) as tf.Tensor4D, 1, 0);
};

const images = () => rounded([2, 8, 8, 16], 1) as tf.Tensor4D;
const filter = () => rounded([3, 3, 16, 8], 2) as tf.Tensor4D;

type Values = (shape: number[], seed: number) => tf.Tensor;
const conv2d = (values: Values) =>
  tf.conv2d(values([2, 8, 8, 16], 1) as tf.Tensor4D, values([3, 3, 16, 8], 2) as tf.Tensor4D, 2, "same");
const products: [string, (values: Values) => tf.Tensor][] = [
  ["conv2d", conv2d],
  [
    "conv2d with a bias",
    (values) =>
      tf.fused.conv2d({
        x: values([2, 8, 8, 16], 1) as tf.Tensor4D,
        filter: values([3, 3, 16, 8], 2) as tf.Tensor4D,
        strides: 1,
        pad: 1,
        bias: values([8], 4) as tf.Tensor1D,
      }),
  ],
  [
    "depthwiseConv2d",
    (values) =>
      tf.depthwiseConv2d(values([2, 8, 8, 16], 1) as tf.Tensor4D, values([3, 3, 16, 2], 2) as tf.Tensor4D, 1, "same"),
  ],
  [
    "conv3d",
    (values) =>
      tf.conv3d(values([1, 4, 6, 6, 3], 1) as tf.Tensor5D, values([3, 3, 3, 3, 5], 2) as tf.Tensor5D, 1, "same"),
  ],
  ["a small matMul", (values) => tf.matMul(values([5, 64], 1), values([10, 64], 2), false, true)],
  ["a larger matMul", (values) => tf.matMul(values([64, 64], 1), values([64, 64], 2))],
  ["matMul of many", (values) => tf.matMul(values([3, 5, 7], 1), values([3, 7, 2], 2))],
];

const gradientsOf = () => {
  const weights = rounded([2, 8, 8, 8], 5);
  const f = (x: tf.Tensor, w: tf.Tensor) =>
    tf.sum(tf.mul(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same"), weights));
  return tf.grads(f as never)([images(), filter()]);
};

describe("bf16", skipFor(without), () => {
  it.each(products)("%s is float32's of rounded operands, rounded", async (_, product) => {
    const exact = await inPrecision("fp32", () => product(rounded).dataSync());
    const unrounded = await inPrecision("fp32", () => product(noise).dataSync());
    expect(relativeError(exact, unrounded)).toBeGreaterThan(1e-4);
    for (const mode of ["sync", "async"] as const) {
      const actual = await inPrecision("bf16", () => product(noise).dataSync(), mode);
      expect(relativeError(actual, exact)).toBeLessThan(3 * rounding); // a bias is rounded, added, and rounded again
    }
  });

  it("rounds the gradients of a convolution, and leaves that of the filter in float32", async () => {
    const exact = await inPrecision("fp32", () => gradientsOf().map((g) => g.dataSync()));
    await inPrecision("bf16", () => {
      const gradients = gradientsOf();
      expect(gradients.map(storedType)).toEqual(["bfloat16", "float32"]);
      for (const [i, g] of gradients.entries())
        expect(relativeError(g.dataSync(), exact[i] as Float32Array)).toBeLessThan(2 * rounding);
    });
  });

  it("keeps activations in bfloat16 and everything that sums in float32", async () => {
    await inPrecision("bf16", () => {
      const x = stored(images());
      const vector = (value: number) => tf.fill([16], value) as tf.Tensor1D;
      const activations = {
        "batch norm": tf.batchNorm(x, vector(0), vector(1), vector(1), vector(2)),
        ReLU: tf.relu(x),
        add: tf.add(x, x),
        "times a number": tf.mul(x, 2),
        "max pool": tf.maxPool(x, 3, 2, "same"),
        "average pool": tf.avgPool(x, 2, 2, 0),
        "average pool, unevenly padded": tf.avgPool(x, 3, 2, "same"),
        reshape: tf.reshape(x, [2, -1]),
      };
      const sums = {
        images: images(),
        mean: tf.mean(x, [1, 2]),
        sum: tf.sum(x),
        softmax: tf.softmax(x),
        "with float32": tf.add(x, images()),
      };
      const typesOf = (tensors: Record<string, tf.Tensor>) =>
        Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, storedType(t)]));
      expect(new Set(Object.values(typesOf(activations)))).toEqual(new Set(["bfloat16"]));
      expect(new Set(Object.values(typesOf(sums)))).toEqual(new Set(["float32"]));
    });
  });

  it("gives an activation a gradient of its own type, whatever type arrives", async () => {
    await inPrecision("bf16", () => {
      const pooled = (x: tf.Tensor) => tf.sum(tf.mul(tf.maxPool(x as tf.Tensor4D, 2, 2, 0), noise([2, 4, 4, 16], 7)));
      expect(storedType(tf.grad(pooled)(stored(images())))).toBe("bfloat16");
    });
  });

  it("gives float32 to the operations that take one type only", async () => {
    await inPrecision("bf16", () => {
      const x = tf.reshape(stored(images()), [-1, 16]) as tf.Tensor2D;
      const groups = tf.zeros([128], "int32") as tf.Tensor1D;
      const expected = tf.sum(x, 0).dataSync();
      expect(relativeError(tf.unsortedSegmentSum(x, groups, 1).dataSync(), expected)).toBeLessThan(1e-6);
      expect(relativeError(tf.einsum("ij,ik->j", x, tf.ones([128, 1])).dataSync(), expected)).toBeLessThan(1e-6);
      const resized = tf.image.resizeBilinear(stored(images()), [8, 8]);
      expect(resized.dataSync()).toEqual(images().dataSync());
    });
  });

  it("is replayed, and recorded apart from fp32", async () => {
    await on("torch", async () => {
      const filter = noise([3, 3, 16, 8], 2) as tf.Tensor4D;
      const step = recordStep(({ x }: Received<{ x: Float32Array }>) => ({
        y: tf.conv2d(tf.reshape(x, [2, 8, 8, 16]) as tf.Tensor4D, filter, 1, "same"),
      }));
      const x = noise([2 * 8 * 8 * 16], 1).dataSync() as Float32Array;
      const values: Record<Precision, unknown[]> = { fp32: [], bf16: [] };
      for (const precision of ["fp32", "bf16", "fp32", "bf16", "fp32", "bf16"] as const) {
        setPrecision(precision);
        values[precision].push((await step.run({ x })).y);
      }
      expect(step.mode).toBe("replay");
      for (const of of Object.values(values)) expect(of.slice(1)).toEqual([of[0], of[0]]);
      expect(values.bf16[0]).not.toEqual(values.fp32[0]);
      setPrecision("fp32");
      step.dispose();
      filter.dispose();
    });
  });

  it("ends where fp32 begins again: the same bits as before", async () => {
    const values = () => conv2d(noise).dataSync();
    const before = await inPrecision("fp32", values);
    await inPrecision("bf16", values);
    expect(await inPrecision("fp32", values)).toEqual(before);
  });
});

describe("setPrecision", whereTorch, () => {
  it("knows fp32 everywhere, and refuses what it does not know", () => {
    expect(supportedPrecisions()).toContain("fp32");
    expect(() => setPrecision("fp8" as Precision)).toThrow("fp8");
  });
});
