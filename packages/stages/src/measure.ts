import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { checkpointsDue } from "./checkpoints-due.ts";
import type { StageContext, TrainingContext } from "./context.ts";
import type { Network, UnitStatistic } from "./engine.ts";
import { badInput } from "./failure.ts";
import { floatsOf, type Tensors } from "./tensors.ts";

interface Measurement {
  network: Network;
  statistic: UnitStatistic;
  /** Training images, of the first epoch's order; all of them where there are fewer. */
  images: number;
  batchSize: number;
}

export type Measured =
  | { outcome: "finished"; images: number /** Means over the images, by ReLU layer. */; means: Float32Array[] }
  | { outcome: "stopped"; step: number };

/** A pass over training images that changes nothing: one batch a step, with the stops and checkpoints that training has. */
export async function measure(
  context: TrainingContext,
  { network, statistic, images, batchSize }: Measurement,
): Promise<Measured> {
  const { data, params, report, signal, stopRequested, seed } = context;
  const places = data.order(seed, 0).subarray(0, images);
  const due = checkpointsDue(context, params.steps);
  let { step, sums } = resumed(context);
  const takeCheckpoint = async () => {
    await report.checkpoint(step, checkpointOf(step, sums));
    report.log(`checkpoint at step ${step}`);
    due.taken();
  };
  report.started(step);
  report.log(`${params.kind} of ${params.model}: ${places.length} images, from step ${step}`);

  while (step < params.steps) {
    signal.throwIfAborted();
    if (stopRequested()) {
      await takeCheckpoint();
      return { outcome: "stopped", step };
    }
    const began = performance.now();
    const batch = await data.batch("train", places.slice(step * batchSize, (step + 1) * batchSize));
    const added = await network.sumUnits(statistic, batch);
    sums = added.map((layer, l) => layer.map((value, unit) => value + (sums[l]?.[unit] ?? 0)));
    step += 1;
    const imagesPerSecond = (batch.labels.length * 1000) / Math.max(performance.now() - began, 1);
    report.progress({ step, totalSteps: params.steps, imagesPerSecond, loss: null }, []);
    if (step < params.steps && due.at(step)) await takeCheckpoint();
  }
  return {
    outcome: "finished",
    images: places.length,
    means: sums.map((layer) => layer.map((sum) => sum / places.length)),
  };
}

function resumed({ resumeFrom }: StageContext): { step: number; sums: Float32Array[] } {
  if (!resumeFrom) return { step: 0, sums: [] };
  return badInput("checkpoint", () => {
    const { step, extra } = decodeCheckpoint(resumeFrom);
    return { step, sums: Array.from({ length: extra.size }, (_, layer) => floatsOf(extra, String(layer))) };
  });
}

const checkpointOf = (step: number, sums: readonly Float32Array[]): Uint8Array => {
  const none: Tensors = new Map();
  const extra: Tensors = new Map(sums.map((values, layer) => [String(layer), { shape: [values.length], values }]));
  return encodeCheckpoint({ step, weights: none, momenta: none, extra, notes: null });
};
