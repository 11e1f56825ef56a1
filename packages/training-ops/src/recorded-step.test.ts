/** Recorded steps of what training consists of: operators of a further library, in place, beside ATen's. */
import { recordStep, setThreads, torchInfo } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { addMaskedRelu, batchNorm, maskedRelu, sgdStep } from "./index.ts";
import { type Mode, noise, on, whereTorch } from "./testing.ts";

const [side, classes] = [8, 5];

interface Inputs {
  [name: string]: Float32Array | Int32Array | number;
  images: Float32Array;
  labels: Int32Array;
  lr: Float32Array | number;
}

/** A small residual network, its optimizer, and one training step of them. Equal seeds, equal networks. */
function makeNetwork() {
  const variable = (initial: tf.Tensor, trainable = true) => {
    const v = tf.variable(initial, trainable);
    initial.dispose();
    return v;
  };
  const filter = (shape: number[], seed: number) => variable(noise(shape, seed, 0.3));
  const norm = (c: number) => ({
    gamma: variable(tf.ones([c])),
    beta: variable(tf.zeros([c])),
    mean: variable(tf.zeros([c]), false),
    variance: variable(tf.ones([c]), false),
  });
  const filters = [filter([3, 3, 3, 4], 1), filter([3, 3, 4, 8], 2), filter([3, 3, 8, 8], 3), filter([1, 1, 4, 8], 4)];
  const norms = [4, 8, 8, 8].map(norm);
  const dense = filter([8, classes], 5);
  const mask = variable(tf.cast(tf.greater(noise([side / 2, side / 2, 8], 6), 0), "float32"), false);
  const params = [...filters, ...norms.flatMap(({ gamma, beta }) => [gamma, beta]), dense];
  const momenta = params.map((p) => variable(tf.zerosLike(p), false));
  const all = [...params, ...momenta, ...norms.flatMap(({ mean, variance }) => [mean, variance]), mask];

  const unit = (x: tf.Tensor, i: number, stride: number) => {
    const { gamma, beta, mean, variance } = norms[i] as ReturnType<typeof norm>;
    const w = filters[i] as tf.Tensor as tf.Tensor4D;
    const vector = (v: tf.Variable) => v as tf.Tensor as tf.Tensor1D;
    const y = tf.conv2d(x as tf.Tensor4D, w, stride, (w.shape[0] - 1) / 2);
    return batchNorm(y, vector(gamma), vector(beta), mean, variance, { training: true });
  };
  const logits = (images: tf.Tensor) => {
    const h = maskedRelu(unit(tf.reshape(images, [-1, side, side, 3]), 0, 1), null);
    const inner = maskedRelu(unit(h, 1, 2), mask);
    const y = addMaskedRelu(unit(inner, 2, 1), unit(h, 3, 2), mask);
    return tf.matMul(tf.mean<tf.Tensor2D>(y as tf.Tensor4D, [1, 2]), dense as tf.Tensor as tf.Tensor2D);
  };
  /** The learning rate as a number goes into the fused SGD, as a tensor into the composed one. */
  const update = (grads: tf.Tensor[], lr: tf.Tensor | number) => {
    if (typeof lr === "number") return sgdStep({ params, grads, momenta, lr, momentum: 0.9, weightDecay: 1e-3 });
    for (const [i, p] of params.entries()) {
      const v = momenta[i] as tf.Variable;
      v.assign(tf.add(tf.mul(v, 0.9), grads[i] as tf.Tensor));
      p.assign(tf.sub(p, tf.reshape(tf.mul(tf.reshape(v, [-1]), lr), p.shape)));
    }
  };
  const step = ({ images, labels, lr }: { images: tf.Tensor; labels: tf.Tensor; lr: tf.Tensor | number }) => {
    const oneHot = tf.oneHot(tf.cast(labels, "int32") as tf.Tensor1D, classes);
    const loss = () => tf.losses.softmaxCrossEntropy(oneHot, logits(images)) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss, params);
    update(
      params.map(({ name }) => grads[name] as tf.Tensor),
      lr,
    );
    return { report: tf.stack([value, tf.sum(tf.abs(dense))]) };
  };
  return { step, mask, all, params, dispose: () => tf.dispose(all) };
}

const batchOf = (size: number, seed: number) => ({
  images: noise([size * side * side * 3], seed).dataSync() as Float32Array,
  labels: Int32Array.from({ length: size }, (_, i) => (i * 7 + seed) % classes),
});

/** Each step on two equal networks: one eager, one recorded. They must agree in every bit. */
async function expectTwins(
  inputsAt: (i: number) => Inputs,
  {
    steps = 20,
    change,
  }: { steps?: number; change?: (i: number, network: ReturnType<typeof makeNetwork>) => void } = {},
) {
  const [eager, recorded] = [makeNetwork(), makeNetwork()];
  const step = recordStep(recorded.step as never);
  const modes: string[] = [];
  for (let i = 0; i < steps; i++) {
    change?.(i, eager);
    change?.(i, recorded);
    const inputs = inputsAt(i);
    const [expected, actual] = [await eagerly(eager, inputs), await step.run(inputs)];
    modes.push(step.mode);
    expect(actual, `step ${i}, ${step.mode}`).toEqual(expected);
  }
  for (const [i, v] of eager.all.entries()) {
    expect(await (recorded.all[i] as tf.Variable).data(), `variable ${i}`).toEqual(await v.data());
  }
  step.dispose();
  eager.dispose();
  recorded.dispose();
  return { modes, reason: step.reason };
}

async function eagerly({ step }: ReturnType<typeof makeNetwork>, { images, labels, lr }: Inputs) {
  const { report } = tf.tidy(() =>
    step({ images: tf.tensor1d(images), labels: tf.tensor1d(labels, "int32"), lr: toInput(lr) }),
  );
  const values = await report.data();
  report.dispose();
  return { report: values };
}
const toInput = (lr: Float32Array | number) => (typeof lr === "number" ? lr : tf.tensor1d(lr));

const replays = (count: number) => ["recording", "recording", ...Array(count).fill("replay")];

describe.each<Mode>(["sync", "async"])("a recorded step, %s", whereTorch, (mode) => {
  const it_ = (name: string, test: () => Promise<void>, timeout?: number) =>
    it(name, () => on("torch", test, mode), timeout);

  it_("gives the eager bits over 20 steps, with SGD in place", async () => {
    const { modes } = await expectTwins((i) => ({ ...batchOf(6, i), lr: 0.05 }));
    expect(modes).toEqual(replays(18));
  });

  it_("gives the eager bits with variables that are assigned, and a learning rate among the inputs", async () => {
    const { modes } = await expectTwins((i) => ({ ...batchOf(6, i), lr: Float32Array.of(0.1 / (i + 1)) }));
    expect(modes).toEqual(replays(18));
  });

  it_("records again for another batch size and for another constant", async () => {
    const { modes } = await expectTwins((i) => ({ ...batchOf(i % 2 ? 6 : 4, i), lr: i < 6 ? 0.05 : 0.01 }), {
      steps: 12,
    });
    const twice = ["recording", "recording"];
    expect(modes).toEqual([...twice, ...twice, "replay", "replay", ...twice, ...twice, "replay", "replay"]);
  });

  it_("sees a mask that is assigned, a variable that is assigned or cloned, and other threads", async () => {
    const clones: tf.Tensor[] = [];
    const { modes } = await expectTwins((i) => ({ ...batchOf(6, i), lr: 0.05 }), {
      steps: 8,
      change: (i, { mask, params: [filter] }) => {
        if (i === 3) tf.tidy(() => mask.assign(tf.sub(1, mask)));
        if (i === 4) clones.push(tf.clone(filter as tf.Variable));
        if (i === 5) tf.tidy(() => filter?.assign(tf.mul(filter, 0.5)));
        setThreads(i === 6 ? 2 : 1);
      },
    });
    expect(modes).toEqual(replays(6));
    const [a, b] = clones as [tf.Tensor, tf.Tensor];
    expect(await a.data()).toEqual(await b.data());
    tf.dispose(clones);
  });

  it_(
    "keeps the number of tensors and the memory over 2,000 steps",
    async () => {
      const { step: train, dispose } = makeNetwork();
      const step = recordStep(train as never) as ReturnType<typeof recordStep<Inputs, "report">>;
      const inputs = { ...batchOf(1, 1), lr: 0.001 };
      const usage = () => {
        const { tensors, bytes, allocatedBytes } = torchInfo();
        return { tensors, bytes, allocatedBytes, inTensorFlow: tf.memory().numTensors };
      };
      for (let i = 0; i < 4; i++) await step.run(inputs);
      const before = usage();
      for (let i = 0; i < 2000; i++) await step.run(inputs);
      expect(usage()).toEqual(before);
      step.dispose();
      dispose();
    },
    60_000,
  );
});
