import { readFileSync } from "node:fs";
import { ownSettingsAt, shuffledIndices, uint32 } from "@reluctant/relu";
import type { Batch, StageData, TrainingBatch } from "@reluctant/stages";
import { type Implementation, implementations } from "@reluctant/stages/definitions";
import { pixelTensor } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { TfNetwork } from "./network.ts";

/** Implementations of which tests run real steps, by model: the list that README's table is made from. */
export const realSteps: Record<string, string[]> = JSON.parse(
  readFileSync(new URL("../../../test/real-steps.json", import.meta.url), "utf8"),
);

/** An implementation's own settings of recipe `debug`, under their name. */
export function ownDebugSettings(implementation: Implementation): Record<string, Record<string, unknown>> {
  const { settings } = implementations[implementation];
  return settings ? { [settings.group]: ownSettingsAt(settings, "debug") } : {};
}

const sizes = { train: 40, validation: 10, test: 12 };
const splits = Object.keys(sizes);

/** 40 training, 10 validation and 12 test images of side×side×3 in 4 classes that differ in brightness: for tests. */
export const testData = (side = 8): StageData => ({
  version: "0".repeat(64),
  classes: ["a", "b", "c", "d"],
  inputShape: [side, side, 3],
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
  streamed: false,
  size: (split) => sizes[split],
  order: (seed, epoch) => shuffledIndices(seed, epoch, sizes.train),
  batch: async (split, indices) => testBatch(split, indices, side),
});

/** Images of `testData`. */
export function testBatch(split: keyof typeof sizes, indices: Uint32Array, side = 8): Batch {
  const pixels = side * side * 3;
  const pixel = (sample: number, place: number) => {
    const noise = uint32({ seed: splits.indexOf(split), stream: 99, epoch: sample, index: place }) % 128;
    return noise + 32 * (sample % 4);
  };
  return {
    images: Uint8Array.from({ length: indices.length * pixels }, (_, i) =>
      pixel(indices[Math.floor(i / pixels)] as number, i % pixels),
    ),
    labels: Int32Array.from(indices, (sample) => sample % 4),
  };
}

/** Neither cropped nor flipped. */
export const asTheyAre = (batch: Batch): TrainingBatch => ({
  ...batch,
  offsets: new Int32Array(3 * batch.labels.length),
});

/** What a network reads of a batch. xBHWC */
export const inputOf = (network: TfNetwork, { images, offsets, labels }: TrainingBatch): tf.Tensor4D =>
  tf.tidy(() =>
    network.input(
      pixelTensor(images, network.inputShape(labels.length)),
      tf.tensor2d(offsets, [labels.length, 3], "int32"),
    ),
  );
