/** What this machine can do at most, on one core: multiply-adds by a loop of nothing else, and bytes by a sum of arrays. */
import { resolve } from "node:path";
import type { Precision } from "@reluctant/contracts";
import { registerTorchBackend, torchInfo } from "@reluctant/tfjs-backend-torch";
import { type Extension, Torch } from "@reluctant/tfjs-backend-torch/extension";
import * as tf from "@tensorflow/tfjs-core";
import { median, timed } from "./samples.ts";

const extension: Extension = {
  library: {
    file: "machine.so",
    sources: resolve("test/bench/engine/native"),
    units: [{ source: "operators.cc" }, { source: "multiply_add.cc", byLevel: true }],
  },
  devices: ["cpu"],
  kernels: [
    {
      MultiplyAdd: (torch, _, { rounds, bfloat16 }) =>
        torch.tensor(torch.call("machine::multiply_add", rounds, bfloat16), [], "float32"),
    },
  ],
  gradients: [],
};

/** Operations a second, of which a multiply-add is two, at the level of instructions that the backend computes at. */
export async function peakOf(precision: Precision): Promise<number> {
  await registerTorchBackend({ extensions: [extension] });
  const rounds = 5_000_000; // a tenth of a second or less
  const attributes = { rounds, bfloat16: precision === "bf16" };
  const run = () => tf.engine().runKernel("MultiplyAdd", {}, attributes) as tf.Scalar;
  const operations = tf.tidy(() => run().dataSync()[0] as number);
  return operations / (await secondsOf(run));
}

/** Bytes a second of c = a + s · b over arrays that no cache holds, each read or written once: STREAM's triad. */
export async function bandwidth(): Promise<number> {
  const torch = new Torch(tf.backend() as ConstructorParameters<typeof Torch>[0]);
  const [a, b] = tf.tidy(() => [tf.ones([1 << 25]), tf.ones([1 << 25])]) as [tf.Tensor, tf.Tensor];
  const triad = () => torch.tensor(torch.call("add.Tensor", a, b, 3), a.shape, "float32");
  const seconds = await secondsOf(() => tf.engine().makeTensorFromTensorInfo(torch.scope(triad)));
  tf.dispose([a, b]);
  return (3 * 4 * a.size) / seconds;
}

const rounds = 9;

/** CPU seconds of what a function computes: the median, once it is warm. */
export async function secondsOf(run: () => unknown): Promise<number> {
  const once = () =>
    timed(async () => {
      tf.tidy(() => void run());
      torchInfo(); // waits for what is queued
    });
  await once();
  const taken: number[] = [];
  while (taken.length < rounds) taken.push((await once()).cpuSeconds);
  return median(taken);
}
