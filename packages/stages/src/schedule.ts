import type { TrainSettings } from "@reluctant/contracts";

type Schedule = Pick<TrainSettings, "learningRate" | "decayAt" | "decayFactor" | "warmup">;

/**
 * The learning rate of a step: linear warm-up that reaches the full rate at its last step, then a factor
 * `decayFactor` from the first step at or past each fraction of `decayAt`.
 */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, decayAt, decayFactor, warmup }: Schedule,
): number {
  const warmupSteps = Math.floor(warmup * steps);
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const decays = decayAt.filter((fraction) => step >= fraction * steps).length;
  return learningRate * decayFactor ** decays;
}
