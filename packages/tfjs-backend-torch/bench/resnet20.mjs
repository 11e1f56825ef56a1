// Training step of a CIFAR ResNet-20 (16-32-64), batch 128, fp32: this backend against python3-torch, interleaved. On a busy machine
// only the figures per CPU second mean anything.
//   node bench/resnet20.mjs [--threads 1] [--rounds 5] [--steps 4] [--async]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";
import {
  addMaskedRelu,
  batchNorm,
  maskedRelu,
  registerTorchBackend,
  setAsync,
  setThreads,
  sgdStep,
  torchInfo,
} from "../dist/index.js";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "4" },
    python: { type: "string", default: "/usr/bin/python3" },
    async: { type: "boolean", default: false },
  },
});
const batch = 128;
const [threads, rounds, steps] = [values.threads, values.rounds, values.steps].map(Number);

await registerTorchBackend();
await tf.setBackend("torch");
setThreads(threads);
setAsync(values.async);

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
const stem = unit(3, 3, 16, 1);
const blocks = [];
let width = 16;
for (const o of [16, 32, 64]) {
  for (let k = 0; k < 3; k++) {
    const stride = k === 0 && o !== 16 ? 2 : 1;
    blocks.push({
      a: unit(3, width, o, stride),
      b: unit(3, o, o, 1),
      down: width === o ? null : unit(1, width, o, stride),
    });
    width = o;
  }
}
const dense = variable(tf.randomNormal([64, 10], 0, 0.1, "float32", 99));
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
const x = tf.randomNormal([batch, 32, 32, 3], 0, 1, "float32", 5);
const labels = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % 10),
    "int32",
  ),
  10,
);

async function step() {
  const { value, grads } = tf.variableGrads(() => tf.losses.softmaxCrossEntropy(labels, logits(x)), params);
  sgdStep({ params, grads: params.map((p) => grads[p.name]), momenta, lr: 0.01, momentum: 0.9, weightDecay: 5e-4 });
  tf.dispose(grads);
  const [loss] = values.async ? await value.data() : value.dataSync();
  value.dispose();
  return loss;
}

function peer(layout) {
  const script = new URL("resnet20.py", import.meta.url).pathname;
  const child = spawn(values.python, [script, batch, threads, steps, layout].map(String), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    layout,
    times: [],
    cpu: 0,
    async round() {
      child.stdin.write("\n");
      const [line] = await once(lines, "line");
      const { times, cpu, version } = JSON.parse(line);
      this.cpu += cpu;
      this.times.push(...times);
      this.version = version;
    },
    end: () => child.stdin.end(),
  };
}

const ours = { times: [], cpu: 0 };
const losses = [await step(), await step()];
const calls = Math.round(torchInfo().calls / losses.length);
const peers = [peer("contiguous"), peer("channels_last")];
for (let round = 0; round < rounds; round++) {
  const before = process.cpuUsage();
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    losses.push(await step());
    ours.times.push((performance.now() - start) / 1e3);
  }
  const { user, system } = process.cpuUsage(before);
  ours.cpu += (user + system) / 1e6;
  for (const p of peers) await p.round();
}
for (const p of peers) p.end();

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const rate = ({ times }) => batch / median(times);
const cpuRate = ({ times, cpu }) => (batch * times.length) / cpu;
const best = peers.reduce((a, b) => (cpuRate(a) > cpuRate(b) ? a : b));
for (const p of peers)
  console.log(
    `python torch ${p.version} ${p.layout}: ${rate(p).toFixed(1)} img/s, ${cpuRate(p).toFixed(1)} img per CPU second`,
  );
console.log(
  `this backend, libtorch ${torchInfo().version}: ${rate(ours).toFixed(1)} img/s, ${cpuRate(ours).toFixed(1)} img per CPU second, loss ${losses[0].toFixed(3)} -> ${losses.at(-1).toFixed(3)}, ${tf.memory().numTensors} tensors, ${calls} calls a step`,
);
console.log(
  JSON.stringify({
    case: "train/resnet20/b128/fp32",
    threads,
    ours: +rate(ours).toFixed(1),
    peer: +rate(best).toFixed(1),
    ratio: +(rate(ours) / rate(best)).toFixed(3),
    unit: "img/s",
    cpuRatio: +(cpuRate(ours) / cpuRate(best)).toFixed(3),
  }),
);
