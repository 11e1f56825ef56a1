/** Pixels enter a network as (value / 255 − mean) / std, a mean and a standard deviation for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
