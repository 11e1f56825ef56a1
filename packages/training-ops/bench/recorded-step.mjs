// A training step as TensorFlow.js runs it and as a recorded step replays it, interleaved on the engine thread. On a
// busy machine only the figures per CPU second mean anything.
//   node bench/recorded-step.mjs [--net resnet20|resnet18] [--batch 128] [--threads 1] [--rounds 6] [--steps 4]
import { parseArgs } from "node:util";
import { recordStep, registerTorchBackend, setAsync, setThreads, torchInfo } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { trainingOps } from "../dist/index.js";
import { makeBatch, makeTraining, median, resnet18, resnet20 } from "./resnet.mjs";

const { values } = parseArgs({
  options: {
    net: { type: "string", default: "resnet20" },
    batch: { type: "string", default: "128" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "6" },
    steps: { type: "string", default: "4" },
  },
});
const [batch, threads, rounds, steps] = [values.batch, values.threads, values.rounds, values.steps].map(Number);

await registerTorchBackend({ extensions: [trainingOps] });
await tf.setBackend("torch");
setThreads(threads);
setAsync(true);

const inputs = makeBatch(batch);
const train = makeTraining({ resnet20, resnet18 }[values.net]);

async function eager() {
  const { loss } = tf.tidy(() =>
    train({ images: tf.tensor1d(inputs.images), labels: tf.tensor1d(inputs.labels, "int32") }),
  );
  const [value] = await loss.data();
  loss.dispose();
  return value;
}
const recorded = recordStep(train);
const ways = {
  eager: { run: eager },
  replay: { run: async () => (await recorded.run(inputs)).loss[0] },
};
for (const way of Object.values(ways)) Object.assign(way, { times: [], host: [], cpu: 0, faults: 0 });

// Memory first: compiling a recording starts the peak anew.
await eager();
ways.eager.peak = torchInfo().peakBytes;
for (let i = 0; i < 4; i++) await ways.replay.run();
ways.replay.peak = torchInfo().peakBytes;
for (let round = 0; round < rounds; round++) {
  for (const way of Object.values(ways)) {
    await way.run(); // the other way's blocks leave the cache
    const before = { ...process.cpuUsage(), faults: process.resourceUsage().minorPageFault };
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      const pending = way.run();
      way.host.push(performance.now() - start);
      way.loss = await pending;
      way.times.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(before);
    way.cpu += (user + system) / 1e6;
    way.faults += process.resourceUsage().minorPageFault - before.faults;
  }
}
if (recorded.mode !== "replay") throw new Error(`it did not replay: ${recorded.reason}`);

const row = ({ times, host, cpu, faults, peak }) => ({
  imagesPerSecond: +((batch * 1e3) / median(times)).toFixed(1),
  imagesPerCpuSecond: +((batch * times.length) / cpu).toFixed(1),
  hostMs: +median(host).toFixed(3),
  peakMB: Math.round(peak / 2 ** 20),
  pageFaults: Math.round(faults / times.length),
});
const rows = Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, row(way)]));
console.table(rows);
console.log(
  JSON.stringify({
    case: `recorded-step/${values.net}/b${batch}/fp32`,
    threads,
    libtorch: torchInfo().version,
    ...rows,
    cpuRatio: +(rows.replay.imagesPerCpuSecond / rows.eager.imagesPerCpuSecond).toFixed(3),
  }),
);
