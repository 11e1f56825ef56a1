import { registerTorchBackend, setPrecision, supportedPrecisions } from "@reluctant/tfjs-backend-torch";
import * as ops from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { errorOf, type Found, largest } from "./part.ts";

/** Odd sizes: of less than a block, of several, with and without four channels side by side. */
const shapes = [
  [1, 3, 5, 4],
  [3, 5, 7, 36],
  [1, 2, 1, 259],
  [70, 9, 8, 12],
] as const;

type Inputs = [x: tf.Tensor4D, other: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D];
type Operations = Record<string, (inputs: Inputs, mask: tf.Tensor | null) => tf.Tensor>;

const fused: Operations = {
  batchNorm: ([x, , gamma, beta]) => ops.batchNormTrain(x, gamma, beta).y,
  batchNormMaskedRelu: ([x, , gamma, beta], mask) => ops.batchNormMaskedRelu(x, gamma, beta, mask).y,
  batchNormAddMaskedRelu: ([x, other, gamma, beta], mask) => ops.batchNormAddMaskedRelu(x, gamma, beta, other, mask).y,
  addMaskedRelu: ([x, other], mask) => ops.addMaskedRelu(x, other, mask),
  rawMismatch: ([x, other]) => ops.rawMismatch(other, x),
  attentionMismatch: ([x, other]) => ops.attentionMismatch(other, x),
};
const composed: Operations = {
  batchNorm: ([x, , gamma, beta]) => ops.batchNormTrainComposed(x, gamma, beta).y,
  batchNormMaskedRelu: ([x, , gamma, beta], mask) => ops.batchNormMaskedReluComposed(x, gamma, beta, mask).y,
  batchNormAddMaskedRelu: ([x, other, gamma, beta], mask) =>
    ops.batchNormAddMaskedReluComposed(x, gamma, beta, other, mask).y,
  addMaskedRelu: ([x, other], mask) => ops.addMaskedReluComposed(x, other, mask),
  rawMismatch: ([x, other]) => ops.rawMismatchComposed(constant(other), x),
  attentionMismatch: ([x, other]) => ops.attentionMismatchComposed(constant(other), x),
};

/** x without a gradient: a teacher's side has none. */
const constant = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
}));

/** The training operations on this device against their composed twins on TensorFlow.js' cpu backend, gradients too. */
export async function kernels(): Promise<Found> {
  await registerTorchBackend({ extensions: [ops.trainingOps] });
  const errors: Record<string, number> = {};
  const note = (name: string, error: number) => {
    errors[name] = Math.max(errors[name] ?? 0, error);
  };
  for (const name of Object.keys(fused)) {
    for (const [shape, masked] of shapes.flatMap((shape) => [[shape, true] as const, [shape, false] as const])) {
      await tf.setBackend("cpu");
      const expected = await gradedBy(composed[name], shape, masked);
      await tf.setBackend("torch");
      for (const precision of supportedPrecisions()) {
        setPrecision(precision);
        const found = await gradedBy(fused[name], shape, masked);
        note(`${name}/${precision}`, largest(found.map((values, i) => errorOf(values, expected[i]))));
      }
    }
  }
  setPrecision("fp32");
  const chosen = { topMask: await choosesAlike(), sgd: await stepsAlike() };
  const close = Object.entries(errors).every(([name, error]) => error < (name.endsWith("bf16") ? 2 ** -6 : 5e-5));
  return { ok: close && chosen.topMask && chosen.sgd < 1e-6, errors, ...chosen };
}

/** The value and the gradients of everything. What a convolution gives is stored as the precision says. */
async function gradedBy(f: Operations[string] | undefined, shape: readonly number[], masked: boolean) {
  const channels = shape[3] as number;
  const tensors = tf.tidy(() => {
    const identity = tf.reshape(tf.eye(channels), [1, 1, channels, channels]) as tf.Tensor4D;
    const stored = (x: tf.Tensor4D) => tf.conv2d(x, identity, 1, "valid");
    const mask = masked ? tf.cast(tf.greater(noise(shape.slice(1), 3), 0), "float32") : null;
    const run = ([x, other, gamma, beta]: Inputs) =>
      (f as Operations[string])([stored(x), stored(other), gamma, beta], mask);
    const inputs = [eighths(shape, 1), eighths(shape, 2), noise([channels], 5), noise([channels], 6)] as Inputs;
    const value = run(inputs);
    const weights = noise(value.shape, 99);
    const used = tf.grads((...given) => tf.add(tf.sum(tf.mul(run(given as Inputs), weights)), nothingOf(given)));
    return [value, ...used(inputs)];
  });
  const values = await Promise.all(tensors.map((t) => t.data()));
  tf.dispose(tensors);
  return values;
}

/** So that all inputs have a gradient. */
const nothingOf = (tensors: tf.Tensor[]) => tf.mul(0, tf.addN(tensors.map((t) => tf.sum(t))));

const noise = (shape: readonly number[], seed: number) => tf.randomNormal([...shape], 0, 1, "float32", seed);
/** Values that a bfloat16 holds exactly. */
const eighths = (shape: readonly number[], seed: number) => tf.div(tf.round(tf.mul(noise(shape, seed), 8)), 8);

async function choosesAlike(): Promise<boolean> {
  const scores = () => tf.round(tf.mul(noise([50_001], 1), 3));
  const [here, there] = [await maskOf(ops.topMask, scores), await maskOf(ops.topMaskComposed, scores)];
  return Buffer.from(here.buffer).equals(Buffer.from(there.buffer));
}

const maskOf = (f: typeof ops.topMask, scores: () => tf.Tensor) => {
  const mask = tf.tidy(() => f(scores(), 12_345));
  return mask.data<"float32">().finally(() => mask.dispose());
};

async function stepsAlike(): Promise<number> {
  const stepped = async (f: typeof ops.sgdStep) => {
    const shapes = [[3, 3, 16, 32], [10_001], [7]];
    const [params, momenta] = [1, 4].map((seed) => shapes.map((shape, i) => tf.variable(noise(shape, seed + i))));
    const all = { params: params as tf.Variable[], momenta: momenta as tf.Variable[] };
    tf.tidy(() =>
      f({ ...all, grads: shapes.map((s, i) => noise(s, 7 + i)), lr: 0.1, momentum: 0.9, weightDecay: 0.01 }),
    );
    const values = await Promise.all([...all.params, ...all.momenta].map((v) => v.data()));
    tf.dispose([...all.params, ...all.momenta]);
    return values;
  };
  const [here, there] = [await stepped(ops.sgdStep), await stepped(ops.sgdStepComposed)];
  return largest(here.map((values, i) => errorOf(values, there[i])));
}
