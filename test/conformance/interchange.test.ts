import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Network, onnxFile, pyTorchFile, pyTorchModule, readNetwork, torchSaveFile } from "@reluctant/interchange";
import { activationsOf, encodeStudent } from "@reluctant/stages";
import { pixelTensor } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../../packages/engine/src/backends.ts";
import { TfNetwork } from "../../packages/engine/src/network.ts";
import { noPyTorch, type PythonProcess, startPython } from "../python.ts";
import { skipFor } from "../skip-for.ts";
import { networks, normalization, randomNetwork, someQuadratics } from "./random-network.ts";

const batchSize = 2;

let folder: string;
/** Runs logits.py in the folder. */
let peer: PythonProcess | undefined;
beforeAll(async () => {
  await openBackend({ threads: 1, precision: "fp32" });
  folder = await mkdtemp(join(tmpdir(), "reluctant-interchange-"));
  await writeFile(join(folder, pyTorchModule.name), await pyTorchModule.read());
  if (!noPyTorch) peer = startPython(join(import.meta.dirname, "logits.py"), folder);
});
afterAll(() => {
  peer?.stop();
  return rm(folder, { recursive: true });
});

const cases = [
  ...networks.map(([name, side]) => ({ name, side, width: 1, removed: "identity" }) as const),
  { name: "resnet20", side: 32, width: 1, removed: "quadratic" } as const,
  { name: "wrn22-8", side: 32, width: 0.25, removed: "quadratic" } as const,
  { name: "resnet18", side: 32, width: 0.5, removed: "identity" } as const,
];

describe.each(cases)("a partial-ReLU $name of $side pixels and width $width leaves, $removed", (subject) => {
  const { side } = subject;
  let exported: Exported;
  beforeAll(async () => {
    exported = await setup(subject);
  }, 60_000);

  it("onnxruntime computes our logits", async () => {
    const session = await InferenceSession.create(onnxFile(exported.network), { intraOpNumThreads: 1 });
    const { logits } = await session.run({
      images: new Tensor("float32", exported.images, [batchSize, 3, side, side]),
    });
    expectClose(logits?.data as Float32Array, exported.logits);
  }, 60_000);

  it("the PyTorch module computes our logits", { timeout: 60_000, ...skipFor(noPyTorch) }, async () => {
    await writeFile(join(folder, "network.safetensors"), pyTorchFile(exported.network));
    await writeFile(join(folder, "network.pt"), torchSaveFile(exported.network));
    await writeFile(join(folder, "images.f32"), exported.images);
    const ask = (file: string) => peer?.ask({ shape: [batchSize, 3, side, side], file }) as Promise<number[]>;
    const logits = await ask("network.safetensors");
    expectClose(logits, exported.logits);
    expect(await ask("network.pt")).toEqual(logits);
  });
});

interface Exported {
  /** As read back from the artifact. */
  network: Network;
  /** [b, c, h, w], normalized. */
  images: Float32Array;
  /** [b, classes], by our engine. */
  logits: number[];
}

async function setup({ name, side, width, removed }: (typeof cases)[number]): Promise<Exported> {
  const { model, weights, masks, images } = randomNetwork(name, side, batchSize, width);
  const polynomials = removed === "quadratic" ? someQuadratics(model) : new Map();
  const network = new TfNetwork({ model, weights, normalization });
  network.setActivations(activationsOf(model, { masks, polynomials }));
  const x = network.input(pixelTensor(images, network.inputShape(batchSize)), tf.zeros([batchSize, 3], "int32"));
  const { logits } = network.evaluate(x, network.freeze());
  const exported = {
    network: readNetwork(encodeStudent(model, weights, masks, polynomials)),
    images: channelsFirst(await x.data<"float32">(), side),
    logits: Array.from(await logits.data<"float32">()),
  };
  network.dispose();
  return exported;
}

function channelsFirst(images: Float32Array, side: number): Float32Array {
  const area = side * side;
  return Float32Array.from(images, (_, i) => {
    const [image, channel, pixel] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area];
    return images[(image * area + pixel) * 3 + channel] as number;
  });
}

/** Within 1e-4 of the largest logit. */
function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] as number))));
  expect(difference / scale).toBeLessThan(1e-4);
  expect(new Set(expected.map((value) => value.toFixed(6))).size).toBeGreaterThan(5); // logits that say something
}
