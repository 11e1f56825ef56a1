import type { TrainSettings } from "@reluctant/contracts";
import { shuffledIndices, stepsPerEpoch } from "@reluctant/relu";
import type { StageContext } from "./context.ts";
import type { Batch } from "./engine.ts";
import { StageFailure } from "./failure.ts";

type BatchSettings = Pick<TrainSettings, "batchSize" | "cropPadding" | "flip">;

/**
 * Training batches by step: each epoch visits the training split in an order of its own and drops the last partial
 * batch. A pure function of the seed and the step, so an attempt that resumes meets the batches it would have met.
 */
export function trainingBatches(context: StageContext, settings: BatchSettings): (step: number) => Batch {
  const { data, engine, seed } = context;
  const { batchSize, cropPadding, flip } = settings;
  const perEpoch = stepsPerEpoch(data.size("train"), batchSize);
  if (perEpoch === 0) {
    throw new StageFailure(
      "bad-input",
      `batchSize ${batchSize} exceeds the ${data.size("train")} training images; lower it`,
    );
  }
  let order: { epoch: number; indices: Uint32Array } = { epoch: -1, indices: new Uint32Array() };
  return (step) => {
    const epoch = Math.floor(step / perEpoch);
    if (order.epoch !== epoch) order = { epoch, indices: shuffledIndices(seed, epoch, data.size("train")) };
    const first = (step % perEpoch) * batchSize;
    const indices = order.indices.subarray(first, first + batchSize);
    const { images, labels } = data.batch("train", indices);
    return {
      labels,
      images: engine.augment(images, { shape: data.inputShape, seed, epoch, indices, cropPadding, flip }),
    };
  };
}
