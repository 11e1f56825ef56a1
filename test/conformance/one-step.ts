/** One training step of a network, by our engine and by PyTorch. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pyTorchFile, readNetwork } from "@reluctant/interchange";
import { inputShape } from "@reluctant/relu";
import { type Engine, encodeStudent, type HostTensor, maskedRelus } from "@reluctant/stages";
import type { PythonProcess } from "../python.ts";
import { normalization, type RandomNetwork } from "./random-network.ts";

export const batchSize = 4;
/** So much weight decay that a step without it would be another one by far more than the tolerance. */
export const rates = { learningRate: 0.01, momentum: 0.9, weightDecay: 0.1 };

/** Every tensor after the step, by name. */
export type After = ReadonlyMap<string, Float32Array>;

export async function stepOurs(engine: Engine, network: RandomNetwork, labels: number[]): Promise<After> {
  const { model, weights, masks, images } = network;
  const student = engine.network({ model, weights, normalization });
  student.setActivations(maskedRelus(masks));
  const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, ...rates });
  const batch = { images, labels: Int32Array.from(labels), offsets: new Int32Array(3 * batchSize) };
  const { finite } = await trainer.step(batch, rates.learningRate);
  if (!finite) throw new Error(`a step of ${model.name} is not finite`);
  return new Map([...(await student.read())].map(([name, { values }]) => [name, values as Float32Array]));
}

/** @param peer runs sgd_step.py in `folder`, which holds the module; other files stay there, too */
export async function stepTheirs(
  { peer, folder }: { peer: PythonProcess; folder: string },
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
  await writeFile(join(folder, "network.safetensors"), pyTorchFile(readNetwork(encodeStudent(model, weights, masks))));
  await writeFile(join(folder, "images.f32"), normalized);
  await peer.ask({ names, labels, shape, ...rates });
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

/** The largest difference; NaN where one is. A loop: `reduce` takes 40 ns a value, and ResNet-50 has 25 million. */
export function furthest(a: Float32Array, b: Float32Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
}

/** The largest magnitude. */
export const magnitude = (values: Float32Array): number => furthest(values, new Float32Array(values.length));
