/** One training step of every model family against PyTorch's, from the same weights, masks and images. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createEngine } from "@reluctant/engine";
import { pyTorchFile, pyTorchModule, readNetwork } from "@reluctant/interchange";
import { type Engine, encodeStudent, type HostTensor } from "@reluctant/stages";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { networks, normalization, type RandomNetwork, randomNetwork } from "./random-network.ts";

const python = "/usr/bin/python3";
const hasTorch = existsSync("/usr/lib/python3/dist-packages/torch");
const batchSize = 4;
/** So much weight decay that a step without it would be another one by far more than the tolerance. */
const rates = { learningRate: 0.01, momentum: 0.9, weightDecay: 0.1 };

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = await createEngine({ threads: 1, precision: "fp32" });
  folder = await mkdtemp(join(tmpdir(), "reluctant-sgd-step-"));
  await writeFile(join(folder, pyTorchModule.name), await pyTorchModule.read());
});
afterEach(() => engine.release());
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(!hasTorch)(`one SGD step${hasTorch ? "" : " (skipped: python3-torch is not installed)"}`, () => {
  it.each(networks)(
    "leaves every tensor of %s at %d pixels where PyTorch leaves it",
    async (name, side) => {
      const random = randomNetwork(name, side, batchSize);
      const labels = Array.from({ length: batchSize }, (_, image) => image % 10);
      const ours = await stepOurs(random, labels);
      const theirs = await stepTheirs(random, labels, side);
      expect([...theirs.keys()]).toEqual([...ours.keys()]);
      for (const [tensor, values] of ours) {
        const before = random.weights.get(tensor)?.values as Float32Array;
        const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        expect(furthest(values, theirs.get(tensor) as Float32Array) / scale, tensor).toBeLessThan(1e-5);
        expect(furthest(values, before), `${tensor} moved`).toBeGreaterThan(0);
      }
    },
    120_000,
  );
});

async function stepOurs({ model, weights, masks, images }: RandomNetwork, labels: number[]) {
  const student = engine.network({ model, weights, normalization });
  student.setMasks(masks);
  const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, ...rates });
  const batch = { images, labels: Int32Array.from(labels), offsets: new Int32Array(3 * batchSize) };
  const { finite } = await trainer.step(batch, rates.learningRate);
  expect(finite).toBe(true);
  return new Map([...(await student.read())].map(([name, { values }]) => [name, values as Float32Array]));
}

async function stepTheirs({ model, weights, masks, images }: RandomNetwork, labels: number[], side: number) {
  const names = [...weights.keys()];
  const shape = [batchSize, 3, side, side];
  const area = side * side;
  const normalized = Float32Array.from(images, (_, i) => {
    const [image, channel, pixel] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area];
    return ((images[(image * area + pixel) * 3 + channel] as number) / 255 - 0.5) / 0.25;
  });
  await writeFile(join(folder, "network.safetensors"), pyTorchFile(readNetwork(encodeStudent(model, weights, masks))));
  await writeFile(join(folder, "images.f32"), normalized);
  await writeFile(join(folder, "step.json"), JSON.stringify({ names, labels, shape, ...rates }));
  await promisify(execFile)(python, [join(import.meta.dirname, "sgd_step.py"), folder]);
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

const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
