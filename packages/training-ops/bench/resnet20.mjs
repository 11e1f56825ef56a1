// Training step of a CIFAR ResNet-20 or ResNet-8 (16-32-64), batch 128: this backend against python3-torch, bf16 against
// its autocast, interleaved. On a busy machine only the figures per CPU second mean anything.
//   node bench/resnet20.mjs [--depth 20|8] [--precision fp32|bf16] [--threads 1] [--rounds 5] [--steps 4] [--async]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { registerTorchBackend, setAsync, setPrecision, setThreads, torchInfo } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { trainingOps } from "../dist/index.js";
import { makeBatch, makeTraining, median, resnet8, resnet20 } from "./resnet.mjs";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    depth: { type: "string", default: "20" },
    precision: { type: "string", default: "fp32" },
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "4" },
    python: { type: "string", default: process.env.PYTHON ?? "python3" },
    async: { type: "boolean", default: false },
  },
});
const batch = 128;
const [depth, threads, rounds, steps] = [values.depth, values.threads, values.rounds, values.steps].map(Number);
const { precision } = values;

await registerTorchBackend({ extensions: [trainingOps] });
await tf.setBackend("torch");
setThreads(threads);
setPrecision(precision);
setAsync(values.async);

const inputs = makeBatch(batch);
const train = makeTraining(depth === 8 ? resnet8 : resnet20);

async function step() {
  const { loss } = tf.tidy(() =>
    train({ images: tf.tensor1d(inputs.images), labels: tf.tensor1d(inputs.labels, "int32") }),
  );
  const [value] = values.async ? await loss.data() : loss.dataSync();
  loss.dispose();
  return value;
}

function peer(layout) {
  const script = new URL("resnet20.py", import.meta.url).pathname;
  const child = spawn(values.python, [script, batch, threads, steps, layout, precision, depth].map(String), {
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
    case: `train/resnet${depth}/b128/${precision}`,
    threads,
    ours: +rate(ours).toFixed(1),
    peer: +rate(best).toFixed(1),
    ratio: +(rate(ours) / rate(best)).toFixed(3),
    unit: "img/s",
    cpuRatio: +(cpuRate(ours) / cpuRate(best)).toFixed(3),
  }),
);
