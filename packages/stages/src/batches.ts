import type { TrainSettings } from "@reluctant/contracts";
import { augmentation, shuffledIndices, stepsPerEpoch } from "@reluctant/relu";
import type { StageContext } from "./context.ts";
import type { TrainingBatch } from "./engine.ts";
import { StageFailure } from "./failure.ts";

type BatchSettings = Pick<TrainSettings, "batchSize" | "cropPadding" | "flip">;

export interface TrainingBatches {
  at(step: number): TrainingBatch;
  /** Of the time since the first batch, the share that went into making batches: training waits for it. */
  waitingShare(): number;
}

/**
 * Training batches by step: each epoch visits the training split in an order of its own and drops the last partial
 * batch. A pure function of the seed and the step, so an attempt that resumes meets the batches it would have met.
 */
export function trainingBatches(context: StageContext, settings: BatchSettings): TrainingBatches {
  const { data, seed } = context;
  const { batchSize, cropPadding, flip } = settings;
  const perEpoch = stepsPerEpoch(data.size("train"), batchSize);
  if (perEpoch === 0) {
    throw new StageFailure(
      "bad-input",
      `batchSize ${batchSize} exceeds the ${data.size("train")} training images; lower it`,
    );
  }
  let order: { epoch: number; indices: Uint32Array } = { epoch: -1, indices: new Uint32Array() };
  const at = (step: number): TrainingBatch => {
    const epoch = Math.floor(step / perEpoch);
    if (order.epoch !== epoch) order = { epoch, indices: shuffledIndices(seed, epoch, data.size("train")) };
    const first = (step % perEpoch) * batchSize;
    const indices = order.indices.subarray(first, first + batchSize);
    const offsets = new Int32Array(3 * indices.length);
    indices.forEach((index, place) => {
      const { dy, dx, flipped } = augmentation({ seed, epoch, index, pad: cropPadding, flip });
      offsets.set([dy, dx, Number(flipped)], 3 * place);
    });
    return { ...data.batch("train", indices), offsets };
  };

  const started = performance.now();
  let waited = 0;
  return {
    at(step) {
      const asked = performance.now();
      const batch = at(step);
      waited += performance.now() - asked;
      return batch;
    },
    waitingShare: () => waited / Math.max(performance.now() - started, 1),
  };
}
