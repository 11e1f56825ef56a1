import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Network, onnxFile, pyTorchFile, pyTorchModule, readNetwork } from "@reluctant/interchange";
import { type Model, models, randomMask, reluLayers } from "@reluctant/relu";
import { encodeStudent, type HostTensor, weightShapes } from "@reluctant/stages";
import { pixelTensor } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../../packages/engine/src/backends.ts";
import { TfNetwork } from "../../packages/engine/src/network.ts";

// One network for each family and stem; images as normalized as a data set's with mean 0.5 and deviation 0.25.
const cases = [
  ["resnet8", 32],
  ["resnet18", 32],
  ["resnet18", 64],
  ["resnet34", 32],
  ["resnet50", 224],
  ["wrn22-8", 32],
  ["vgg16-bn", 32],
] as const;
const batchSize = 2;

const python = "/usr/bin/python3";
const hasTorch = existsSync("/usr/lib/python3/dist-packages/torch");
const inPython = hasTorch ? "" : " (skipped: python3-torch is not installed)";

let folder: string;
beforeAll(async () => {
  await openBackend({ threads: 1, precision: "fp32" });
  folder = await mkdtemp(join(tmpdir(), "reluctant-interchange-"));
  await writeFile(join(folder, pyTorchModule.name), await pyTorchModule.read());
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(cases)("a partial-ReLU %s of %d pixels leaves with its masks", (name, side) => {
  let exported: Exported;
  beforeAll(async () => {
    exported = await setup(name, side);
  }, 60_000);

  it("onnxruntime computes our logits", async () => {
    const session = await InferenceSession.create(onnxFile(exported.network), { intraOpNumThreads: 1 });
    const { logits } = await session.run({
      images: new Tensor("float32", exported.images, [batchSize, 3, side, side]),
    });
    expectClose(logits?.data as Float32Array, exported.logits);
  }, 60_000);

  it.skipIf(!hasTorch)(
    `the PyTorch module computes our logits${inPython}`,
    async () => {
      await writeFile(join(folder, "network.safetensors"), pyTorchFile(exported.network));
      await writeFile(join(folder, "images.f32"), exported.images);
      const script = [
        "import torch, partial_relu",
        "network = partial_relu.load('network.safetensors')",
        "images = torch.frombuffer(bytearray(open('images.f32', 'rb').read()), dtype=torch.float32)",
        `with torch.no_grad(): print(network(images.reshape(${batchSize}, 3, ${side}, ${side})).flatten().tolist())`,
      ].join("\n");
      const { stdout } = await promisify(execFile)(python, ["-c", script], { cwd: folder });
      expectClose(JSON.parse(stdout), exported.logits);
    },
    60_000,
  );
});

interface Exported {
  /** As read back from the artifact. */
  network: Network;
  /** [b, c, h, w], normalized. */
  images: Float32Array;
  /** [b, classes], by our engine. */
  logits: number[];
}

/** A network with random weights and statistics, whose layers keep all, none or half of their ReLUs in turn. */
async function setup(name: string, side: number): Promise<Exported> {
  const model = (models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], 10);
  const weights = randomWeights(model);
  const masks = reluLayers(model).map(({ units }, layer) =>
    randomMask(units, [units, 0, units >> 1][layer % 3] as number, { seed: 1, layer }),
  );
  const pixels = Uint8Array.from(noise(batchSize * side * side * 3), (value) => 255 * value);
  const network = new TfNetwork({ model, weights, normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } });
  network.setMasks(masks);
  const shape = network.inputShape(batchSize);
  const x = network.input(pixelTensor(pixels, shape), tf.zeros([batchSize, 3], "int32"));
  const { logits } = network.evaluate(x, network.freeze());
  const exported = {
    network: readNetwork(encodeStudent(model, weights, masks)),
    images: channelsFirst(await x.data<"float32">(), side),
    logits: Array.from(await logits.data<"float32">()),
  };
  network.dispose();
  return exported;
}

/** Filters of variance 1 / fan-in; vectors in [0.5, 1), so that no statistic is 0 or 1. */
const randomWeights = (model: Model): Map<string, HostTensor> =>
  new Map(
    [...weightShapes(model)].map(([name, shape]) => {
      const length = shape.reduce((product, extent) => product * extent, 1);
      const scale = Math.sqrt((12 * (shape[0] as number)) / length);
      const values = noise(length).map((value) => (shape.length === 1 ? 0.5 + value / 2 : (value - 0.5) * scale));
      return [name, { shape, values }];
    }),
  );

/** Numbers in [0, 1): Park and Miller's generator, fast enough for 25 million weights. */
function noise(length: number): Float32Array {
  let state = length;
  return Float32Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state >> 7) / 2 ** 24;
  });
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
