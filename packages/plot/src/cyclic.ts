/** One of `values` for each index, from the first again after the last. */
export const cyclic = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;
