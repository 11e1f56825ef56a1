/**
 * The operators for CUDA without a GPU, their kernels in a rehearsal of their threads: all that the CPU's must do, by the same
 * tests, then what is particular to these.
 */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it, vi } from "vitest";
import "./accumulate.test.ts";
import "./batch-norm.test.ts";
import "./frozen.test.ts";
import "./gradients.test.ts";
import "./losses.test.ts";
import "./masked-relu.test.ts";
import "./sgd.test.ts";
import "./units.test.ts";
import {
  absDiffSum,
  absDiffSumComposed,
  affineMaskedRelu,
  affineMaskedReluComposed,
  attentionMismatch,
  attentionMismatchComposed,
  batchNormAddMaskedRelu,
  batchNormAddMaskedReluComposed,
  negPartSum,
  negPartSumComposed,
  rawMismatch,
  rawMismatchComposed,
  sgdStep,
  sgdStepComposed,
  softmaxCrossEntropy,
} from "./index.ts";
import { rehearseKernel, stored } from "./rehearsal.ts";
import { noise, on, twinError, valueAndGradients, whereTorch } from "./testing.ts";

vi.mock("./extension.ts", async (importOriginal) => {
  const { trainingOps } = await importOriginal<typeof import("./extension.ts")>();
  const { rehearsalOf } = await import("./rehearsal.ts");
  return { trainingOps: rehearsalOf(trainingOps) };
});

type Shape = [images: number, height: number, width: number, channels: number];

/** Of every way that a block is filled: less than one, several; packets of four channels, and single ones. */
const shapes: Shape[] = [
  [1, 1, 1, 1],
  [1, 3, 5, 4],
  [2, 1, 1, 7],
  [3, 5, 7, 36],
  [2, 3, 3, 132],
  [1, 2, 1, 259],
  [18, 4, 4, 12],
  [2, 37, 29, 4],
];

const masks = {
  "all 0": (shape: Shape) => tf.zeros(shape.slice(1)),
  "all 1": (shape: Shape) => tf.ones(shape.slice(1)),
  mixed: (shape: Shape) => tf.cast(tf.greater(noise(shape.slice(1), 3), 0), "float32"),
  none: () => null,
};
const cases = shapes.flatMap((shape) => Object.keys(masks).map((mask) => [shape, mask as keyof typeof masks] as const));

/** How far a bfloat16 may be from what it stands for, of the largest: half its last bit, once stored and once read. */
const ofBf16 = 2 ** -7;

const asItIs = <T extends tf.Tensor>(x: T): T => x;

const kinds = [
  { storage: "float32", as: asItIs, tolerance: 3e-5 },
  { storage: "bfloat16", as: stored, tolerance: ofBf16 },
];

/** Values that a bfloat16 holds exactly, so that both sides of a comparison begin with the same. */
const eighths = (shape: number[], seed: number) => tf.div(tf.round(tf.mul(noise(shape, seed), 8)), 8);

describe.each(kinds)("on a rehearsed GPU, stored as $storage", whereTorch, ({ as, tolerance }) => {
  it.each(cases)("batch norm with a sum and a masked ReLU of %j, mask %s", async (shape, mask) => {
    const by = (f: typeof batchNormAddMaskedRelu, kept: typeof as) => () =>
      tf.tidy(() => {
        const channels = [shape[3]];
        const inputs = [eighths(shape, 1), noise(channels, 5), noise(channels, 6), eighths(shape, 7)];
        return valueAndGradients((...given) => {
          const [x, gamma, beta, residual] = given as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor4D];
          return f(kept(x), gamma, beta, kept(residual), masks[mask](shape), { eps: 1e-3 }).y;
        }, inputs);
      });
    const error = await twinError(by(batchNormAddMaskedRelu, as), by(batchNormAddMaskedReluComposed, asItIs));
    expect(error).toBeLessThan(tolerance);
  });

  it.each(cases)("an affine masked ReLU of %j, mask %s", async (shape, mask) => {
    const by = (f: typeof affineMaskedRelu, kept: typeof as) => () =>
      tf.tidy(() => {
        const [scale, shift] = [1, 2].map((seed) => noise([shape[3]], seed)) as [tf.Tensor1D, tf.Tensor1D];
        const x = kept(eighths(shape, 3) as tf.Tensor4D);
        return [f({ x, scale, shift, mask: masks[mask](shape) }).dataSync()];
      });
    const error = await twinError(by(affineMaskedRelu, as), by(affineMaskedReluComposed, asItIs));
    expect(error).toBeLessThan(tolerance);
  });

  it.each(shapes)("mismatch and sums over the batch of [%i, %i, %i, %i]", async (...shape) => {
    const maps = (kept: typeof as) => [1, 2].map((seed) => kept(eighths(shape, seed))) as [tf.Tensor, tf.Tensor];
    const mismatch = (f: typeof rawMismatch, kept: typeof as) => () =>
      tf.tidy(() =>
        valueAndGradients((student) => f(kept(eighths(shape, 1)), kept(student as tf.Tensor)), [eighths(shape, 2)]),
      );
    const sums = (difference: typeof absDiffSum, negative: typeof negPartSum, kept: typeof as) => () =>
      tf.tidy(() => [difference(...maps(kept)), negative(maps(kept)[0])].map((t) => t.dataSync()));
    const errors = [
      await twinError(mismatch(rawMismatch, as), mismatch(rawMismatchComposed, asItIs)),
      await twinError(mismatch(attentionMismatch, as), mismatch(attentionMismatchComposed, asItIs)),
      await twinError(sums(absDiffSum, negPartSum, as), sums(absDiffSumComposed, negPartSumComposed, asItIs)),
    ];
    expect(Math.max(...errors)).toBeLessThan(tolerance);
  });
});

describe("on a rehearsed GPU", whereTorch, () => {
  it("SGD walks through more parameters than a table holds, of one element and of several chunks", async () => {
    const by = (f: typeof sgdStep) => () => {
      const sizes = Array.from({ length: 515 }, (_, i) => ({ 0: 1, 7: 0, 100: 10_001, 514: 4_096 })[i] ?? 3);
      const [params, momenta] = [1, 2].map((seed) => sizes.map((size, i) => tf.variable(noise([size], seed + 3 * i))));
      const grads = sizes.map((size, i) => noise([size], 3 + 3 * i));
      f({ params, momenta, grads, lr: 0.1, momentum: 0.9, weightDecay: 0.01 } as Parameters<typeof sgdStep>[0]);
      return [...(params as tf.Variable[]), ...(momenta as tf.Variable[])]
        .filter(({ size }) => size)
        .map((t) => t.dataSync());
    };
    expect(await twinError(by(sgdStep), by(sgdStepComposed))).toBeLessThan(1e-6);
  });

  it("a label outside of the classes makes the loss NaN, which no step passes", async () => {
    const loss = (label: number) =>
      on("torch", () => softmaxCrossEntropy(noise([2, 10], 1) as tf.Tensor2D, tf.tensor1d([1, label], "int32")).data());
    expect([await loss(10), await loss(-1)]).toEqual([Float32Array.of(Number.NaN), Float32Array.of(Number.NaN)]);
    expect((await loss(9))[0]).toBeGreaterThan(0);
  });
});

describe("the rehearsal", whereTorch, () => {
  const run = (kernel: string) => on("torch", () => Array.from(rehearseKernel(kernel).dataSync()));
  const opposite = Array.from({ length: 256 }, (_, thread) => 255 - thread);

  it("shows that a barrier is missing by another result", async () => {
    expect(await run("kept_barrier")).toEqual(opposite);
    expect(await run("missing_barrier")).not.toEqual(opposite);
  });

  it("says where threads wait for others that have left, and goes on afterwards", async () => {
    await expect(run("lonely_barrier")).rejects.toThrow(
      /some threads of a block wait at a barrier that others never come to/,
    );
    expect(await run("kept_barrier")).toEqual(opposite);
  });

  it("names a kernel that is not there", async () => {
    await expect(run("nowhere")).rejects.toThrow(/there is no kernel nowhere/);
  });
});
