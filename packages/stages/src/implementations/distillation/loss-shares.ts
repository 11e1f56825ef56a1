import type { ResultOf } from "@reluctant/contracts";
import type { StepOutcome } from "../../engine.ts";

/** Mean share of each term in the loss. */
export type LossShares = ResultOf<"distillation">["lossShares"];

export const noShares: LossShares = { crossEntropy: 0, divergence: 0, pram: 0 };

/** Adds one of `steps` steps to the mean share of each term in the loss. */
export const addShares = (
  shares: LossShares,
  { loss, crossEntropy, divergence, pram }: StepOutcome,
  steps: number,
): LossShares => ({
  crossEntropy: shares.crossEntropy + crossEntropy / loss / steps,
  divergence: shares.divergence + divergence / loss / steps,
  pram: shares.pram + pram / loss / steps,
});
