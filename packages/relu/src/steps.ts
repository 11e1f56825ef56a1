import type { Length } from "@reluctant/contracts";

/** Optimizer steps of a length: full batches only, since training drops the last partial one. */
export function stepsOf({ length, batchSize }: { length: Length; batchSize: number }, trainSize: number): number {
  if ("images" in length) return Math.floor(length.images / batchSize);
  return Math.max(1, Math.round(length.epochs * stepsPerEpoch(trainSize, batchSize)));
}

export const stepsPerEpoch = (trainSize: number, batchSize: number): number => Math.floor(trainSize / batchSize);

/** Steps between two mask updates, at least one. */
export const intervalSteps = (settings: { interval: Length; batchSize: number }, trainSize: number): number =>
  Math.max(1, stepsOf({ length: settings.interval, batchSize: settings.batchSize }, trainSize));
