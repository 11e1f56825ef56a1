/** One training step of a network, by our engine and by PyTorch. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { pyTorchFile, pyTorchModule, readNetwork } from "@reluctant/interchange";
import { inputShape } from "@reluctant/relu";
import { type Engine, encodeStudent, type HostTensor } from "@reluctant/stages";
import { normalization, type RandomNetwork } from "./random-network.ts";

export const batchSize = 4;
/** So much weight decay that a step without it would be another one by far more than the tolerance. */
export const rates = { learningRate: 0.01, momentum: 0.9, weightDecay: 0.1 };

/** Every tensor after the step, by name. */
export type After = ReadonlyMap<string, Float32Array>;

export async function stepOurs(engine: Engine, network: RandomNetwork, labels: number[]): Promise<After> {
  const { model, weights, masks, images } = network;
  const student = engine.network({ model, weights, normalization });
  student.setMasks(masks);
  const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, ...rates });
  const batch = { images, labels: Int32Array.from(labels), offsets: new Int32Array(3 * batchSize) };
  const { finite } = await trainer.step(batch, rates.learningRate);
  if (!finite) throw new Error(`a step of ${model.name} is not finite`);
  return new Map([...(await student.read())].map(([name, { values }]) => [name, values as Float32Array]));
}

/** @param python its path and a folder of files, which stay there */
export async function stepTheirs(
  { python, folder }: { python: string; folder: string },
  { model, weights, masks, images }: RandomNetwork,
  labels: number[],
): Promise<After> {
  const [side] = inputShape(model);
  const names = [...weights.keys()];
  const shape = [batchSize, 3, side, side];
  const area = side * side;
  const normalized = Float32Array.from(images, (_, i) => {
    const [image, channel, pixel] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area];
    return ((images[(image * area + pixel) * 3 + channel] as number) / 255 - 0.5) / 0.25;
  });
  await writeFile(join(folder, pyTorchModule.name), await pyTorchModule.read());
  await writeFile(join(folder, "network.safetensors"), pyTorchFile(readNetwork(encodeStudent(model, weights, masks))));
  await writeFile(join(folder, "images.f32"), normalized);
  await writeFile(join(folder, "step.json"), JSON.stringify({ names, labels, shape, ...rates }));
  const env = { ...process.env, OMP_NUM_THREADS: "1" }; // more spin for each other where all processors are busy: 12 s, not 1
  await promisify(execFile)(python, [join(import.meta.dirname, "sgd_step.py"), folder], { env });
  const after = await readFile(join(folder, "after.f32"));
  let at = 0;
  return new Map(
    names.map((name) => {
      const { length } = (weights.get(name) as HostTensor).values;
      const values = new Float32Array(
        after.buffer.slice(after.byteOffset + 4 * at, after.byteOffset + 4 * (at + length)),
      );
      at += length;
      return [name, values];
    }),
  );
}

/** The largest difference. */
export const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
