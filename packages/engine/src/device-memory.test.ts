import { models } from "@reluctant/relu";
import { DeviceFullFailure, initialWeights } from "@reluctant/stages";
import { expect, test } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { isOutOfMemory, largestBatchIn, smallerBatches } from "./device-memory.ts";
import { createEngine } from "./engine.ts";
import type { TfTrainer } from "./trainer.ts";

test("a step's memory grows by the same for each image, beside what it holds anyway", () => {
  const peaks = { images: [8, 16], bytes: [1_800, 2_600] } as const; // 1,000 and 100 an image
  expect(largestBatchIn(5_000, peaks)).toBe(40);
  expect(largestBatchIn(5_099, peaks)).toBe(40);
  expect(largestBatchIn(900, peaks)).toBe(0);
  expect(largestBatchIn(5_000, { images: [8, 16], bytes: [1_800, 1_800] })).toBeNull();
  expect(largestBatchIn(5_000, { images: [1, 1], bytes: [1_800, 1_900] })).toBeNull();
});

test("smaller batches are measured than the one that did not fit", () => {
  expect(smallerBatches(512)).toEqual([32, 64]);
  expect(smallerBatches(1)).toEqual([1, 1]);
});

test("out of memory is told by what allocators say", () => {
  expect(isOutOfMemory(new Error("aten::add.Tensor: out of memory: CUDA out of memory. Tried to allocate 2 GiB"))).toBe(
    true,
  );
  expect(isOutOfMemory(new Error("aten::add.Tensor: shapes do not fit"))).toBe(false);
});

const engine = await createEngine({ backend: "torch", threads: 1, precision: "fp32" }).catch((error: Error) => error);
const unavailable = engine instanceof Error ? engine.message : undefined;

test("two smaller steps tell within a tenth what a larger one needs", skipFor(unavailable), async () => {
  if (engine instanceof Error) throw engine;
  const model = (models.resnet8 as NonNullable<(typeof models)[string]>).build([32, 32, 3], 10);
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const student = engine.network({ model, weights: initialWeights(model, 1), normalization });
  const options = { student, objective: { crossEntropy: 1 }, momentum: 0.9, weightDecay: 5e-4 };
  const trainer = engine.trainer(options) as TfTrainer;
  const size = 192; // on a CPU, blocks of less than 1 MB are not counted
  const batch = {
    images: new Uint8Array(size * 32 * 32 * 3),
    labels: new Int32Array(size),
    offsets: new Int32Array(3 * size),
  };
  const peaks = await trainer.peaksOf(batch, [64, 128]);
  const { bytes } = await trainer.peaksOf(batch, [size, size]);
  engine.release();
  const largest = largestBatchIn(bytes[0], peaks) as number;
  expect(largest).toBeGreaterThan(0.9 * size);
  expect(largest).toBeLessThan(1.1 * size);
});

test("a step without room ends the attempt for good, and names the model, the bytes and a batch that fits", () => {
  const cause = new Error("aten::convolution: out of memory: CUDA out of memory. Tried to allocate 3.06 GiB");
  const known = { model: "resnet50", images: 512, deviceBytes: 80e9, lentBytes: 76.4e9, cause };
  const { failure } = new DeviceFullFailure({ ...known, largestBatch: 301 });
  expect(failure).toMatchObject({ code: "out-of-memory", fatal: true });
  expect(failure.message).toBe(
    "512 images of resnet50 at once do not fit the device; about 301 do, estimated by two smaller steps: lower batchSize, " +
      `or set microBatch. 76.4 GB of 80.0 GB were in use when an operator asked for more: ${cause.message}`,
  );
  expect(new DeviceFullFailure({ ...known, largestBatch: null }).message).toContain("how many do is not known");
});
