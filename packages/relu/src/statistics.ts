import { sum } from "./numbers.ts";

export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return mean(middle.map((place) => sorted[place] as number));
}

/** Of the mean: the sample standard deviation over √n. Null for a single value, whose error nobody knows. */
export function standardError(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const center = mean(values);
  const squares = sum(values.map((value) => (value - center) ** 2));
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
