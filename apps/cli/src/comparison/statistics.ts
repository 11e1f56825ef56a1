/** Mean and its standard error over seeds; null for a single value, whose error nobody knows. */
export interface Estimate {
  mean: number;
  error: number | null;
}

export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, error: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, error: Math.sqrt(variance / n) };
}

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
  const { mean, error } = estimate(pairs.map(({ ours, theirs }) => ours - theirs));
  const sampling = [pairs.map(({ ours }) => ours), pairs.map(({ theirs }) => theirs)]
    .map((accuracies) => estimate(accuracies).mean)
    .reduce((sum, accuracy) => sum + (accuracy * (1 - accuracy)) / testImages, 0);
  return { mean, error: Math.sqrt((error ?? 0) ** 2 + sampling) };
}

/** "Beats" is a mean paired difference above twice its standard error. */
export const verdict = ({ mean, error }: { mean: number; error: number }): "beats" | "loses to" | "ties with" =>
  mean > 2 * error ? "beats" : mean < -2 * error ? "loses to" : "ties with";
