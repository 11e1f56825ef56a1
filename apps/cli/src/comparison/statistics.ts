import { mean, standardError } from "@reluctant/relu";

export interface Pair {
  ours: number;
  theirs: number;
}

/**
 * Mean of paired differences of accuracy and its standard error: that over the pairs, and that of having measured both on
 * one sample of `testImages`, as if their mistakes were independent (they are not quite, so the error is no smaller than
 * said). All shares in [0, 1].
 */
export function pairedDifference(pairs: readonly Pair[], testImages: number): { mean: number; error: number } {
  const differences = pairs.map(({ ours, theirs }) => ours - theirs);
  const sampling = [pairs.map(({ ours }) => ours), pairs.map(({ theirs }) => theirs)]
    .map(mean)
    .reduce((sum, accuracy) => sum + (accuracy * (1 - accuracy)) / testImages, 0);
  return { mean: mean(differences), error: Math.hypot(standardError(differences) ?? 0, Math.sqrt(sampling)) };
}

/** "Beats" is a mean paired difference above twice its standard error. */
export const verdict = ({ mean, error }: { mean: number; error: number }): "beats" | "loses to" | "ties with" =>
  mean > 2 * error ? "beats" : mean < -2 * error ? "loses to" : "ties with";
