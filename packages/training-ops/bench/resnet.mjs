// CIFAR ResNets and their training step in ordinary TensorFlow.js, for the benches.
import * as tf from "@tensorflow/tfjs";
import { addMaskedRelu, batchNorm, maskedRelu, sgdStep } from "../dist/index.js";

/** Widths of the stages, and blocks in each. */
export const resnet20 = { widths: [16, 32, 64], blocks: 3 };
export const resnet8 = { widths: [16, 32, 64], blocks: 1 };
export const resnet18 = { widths: [64, 128, 256, 512], blocks: 2 };

/** `step({ images, labels })` trains once and returns `{ loss }`. images [n * 32 * 32 * 3], labels [n] of 0 to 9. */
export function makeTraining({ widths, blocks: count }) {
  const params = [];
  const variable = (tensor, trainable = true) => {
    const v = tf.variable(tensor, trainable);
    tensor.dispose();
    if (trainable) params.push(v);
    return v;
  };
  const filter = (k, i, o) =>
    variable(tf.randomNormal([k, k, i, o], 0, Math.sqrt(2 / (k * k * o)), "float32", params.length + 1));
  const norm = (c) => ({
    gamma: variable(tf.ones([c])),
    beta: variable(tf.zeros([c])),
    mean: variable(tf.zeros([c]), false),
    variance: variable(tf.ones([c]), false),
  });
  const unit = (k, i, o, stride) => ({ w: filter(k, i, o), stride, norm: norm(o) });
  const stem = unit(3, 3, widths[0], 1);
  const blocks = [];
  let width = widths[0];
  for (const o of widths) {
    for (let k = 0; k < count; k++) {
      const stride = k === 0 && o !== widths[0] ? 2 : 1;
      blocks.push({
        a: unit(3, width, o, stride),
        b: unit(3, o, o, 1),
        down: width === o ? null : unit(1, width, o, stride),
      });
      width = o;
    }
  }
  const dense = variable(tf.randomNormal([width, 10], 0, 0.1, "float32", 99));
  const bias = variable(tf.zeros([10]));
  const momenta = params.map((p) => variable(tf.zerosLike(p), false));

  const apply = ({ w, stride, norm: n }, x) =>
    batchNorm(tf.conv2d(x, w, stride, (w.shape[0] - 1) / 2), n.gamma, n.beta, n.mean, n.variance, { training: true });
  const logits = (x) => {
    let h = maskedRelu(apply(stem, x), null);
    for (const { a, b, down } of blocks)
      h = addMaskedRelu(apply(b, maskedRelu(apply(a, h), null)), down ? apply(down, h) : h, null);
    return tf.add(tf.matMul(tf.mean(h, [1, 2]), dense), bias);
  };
  return ({ images, labels }) => {
    const x = tf.reshape(images, [-1, 32, 32, 3]);
    const loss = () => tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 10), logits(x));
    const { value, grads } = tf.variableGrads(loss, params);
    sgdStep({ params, grads: params.map((p) => grads[p.name]), momenta, lr: 0.01, momentum: 0.9, weightDecay: 5e-4 });
    return { loss: value };
  };
}

/** One batch of noise. */
export function makeBatch(size) {
  const images = tf.randomNormal([size * 32 * 32 * 3], 0, 1, "float32", 5);
  const batch = { images: images.dataSync(), labels: Int32Array.from({ length: size }, (_, i) => i % 10) };
  images.dispose();
  return batch;
}

export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
