/** One part of the check: what it found, with `ok` false where that is not as it should be. */
export interface Found {
  ok: boolean;
  [figure: string]: unknown;
}
export type Part = () => Promise<Found>;

/** What stands in place of a figure that a CPU does not have. */
export const notRun = "not run: no CUDA device";

/** The largest difference between two lists of numbers, relative to the largest of the expected ones. */
export function errorOf(actual: ArrayLike<number> | undefined, expected: ArrayLike<number> | undefined): number {
  if (!actual || !expected || actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [error, scale] = [0, Number.MIN_VALUE];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(error, difference);
    scale = Math.max(scale, Math.abs(expected[i] as number));
  }
  return error / scale;
}

export const largest = (errors: readonly number[]): number => Math.max(...errors);
