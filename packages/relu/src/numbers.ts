/** The value of an index that is known to be within. */
export const at = (values: ArrayLike<number>, index: number): number => values[index] as number;

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
