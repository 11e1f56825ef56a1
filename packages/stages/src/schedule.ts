import type { TrainSettings } from "@reluctant/contracts";

type Schedule = Pick<TrainSettings, "learningRate" | "decayAt" | "decayFactor" | "decay" | "warmup">;

/**
 * The learning rate of a step: linear warm-up that reaches the full rate at its last step, then a factor
 * `decayFactor` from the first step at or past each fraction of `decayAt`, or half a cosine to 0 over the steps left.
 */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, decayAt, decayFactor, decay, warmup }: Schedule,
): number {
  const warmupSteps = Math.floor(warmup * steps);
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (decay === "cosine") {
    const share = (step - warmupSteps) / (steps - warmupSteps);
    return (learningRate * (1 + Math.cos(Math.PI * share))) / 2;
  }
  const decays = decayAt.filter((fraction) => step >= fraction * steps).length;
  return learningRate * decayFactor ** decays;
}
