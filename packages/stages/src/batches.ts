import type { TrainSettings } from "@reluctant/contracts";
import { augmentation, stepsPerEpoch } from "@reluctant/relu";
import type { TrainingContext } from "./context.ts";
import type { TrainingBatch } from "./engine.ts";
import { StageFailure } from "./failure.ts";
import { Prefetcher } from "./prefetcher.ts";

type BatchSettings = Pick<TrainSettings, "batchSize" | "cropPadding" | "crop" | "flip">;

export interface TrainingBatches {
  /** @throws the signal's reason when that comes first */
  at(step: number): Promise<TrainingBatch>;
  /** Of the time since these batches were opened, the share that training waited for one. */
  waitingShare(): number;
}

/** Batches made while a step computes: one for the next step, the others for images that take longer than most. */
const madeAhead = 3;

/**
 * Training batches by step: each epoch visits the training split in an order of its own and drops the last partial
 * batch. A pure function of the seed and the step, so an attempt that resumes meets the batches it would have met.
 */
export function trainingBatches(context: TrainingContext, settings: BatchSettings): TrainingBatches {
  const { data, params, seed, signal } = context;
  const { batchSize, cropPadding, flip } = settings;
  const perEpoch = stepsPerEpoch(data.size("train"), batchSize);
  if (perEpoch === 0) {
    throw new StageFailure(
      "bad-input",
      `batchSize ${batchSize} exceeds the ${data.size("train")} training images; lower it`,
    );
  }
  const resized = settings.crop === "resized";
  if (resized && !data.streamed) {
    throw new StageFailure(
      "bad-input",
      'crop "resized" needs the original images, and this data set was prepared in one size; choose crop "pad", or register it with "streamed": true in its .preprocess.json',
    );
  }
  let order: { epoch: number; indices: Uint32Array } = { epoch: -1, indices: new Uint32Array() };
  const make = async (step: number): Promise<TrainingBatch> => {
    const epoch = Math.floor(step / perEpoch);
    if (order.epoch !== epoch) order = { epoch, indices: data.order(seed, epoch) };
    const first = (step % perEpoch) * batchSize;
    const indices = order.indices.subarray(first, first + batchSize);
    const offsets = new Int32Array(3 * indices.length);
    indices.forEach((index, place) => {
      const { dy, dx, flipped } = augmentation({ seed, epoch, index, pad: resized ? 0 : cropPadding, flip });
      offsets.set([dy, dx, Number(flipped)], 3 * place);
    });
    return { ...(await data.batch("train", indices, resized ? { seed, epoch } : undefined)), offsets };
  };
  const batches = new Prefetcher(make, { depth: madeAhead, end: params.steps });

  const started = performance.now();
  let waited = 0;
  return {
    async at(step) {
      const asked = performance.now();
      const batch = await unlessAborted(batches.take(step), signal);
      waited += performance.now() - asked;
      return batch;
    },
    waitingShare: () => waited / Math.max(performance.now() - started, 1),
  };
}

/** What was promised, unless the signal comes first: then its reason is thrown. */
async function unlessAborted<T>(promised: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([promised, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
