/** One part of the check: what it found, with `ok` false where that is not as it should be. */
export interface Found {
  ok: boolean;
  [figure: string]: unknown;
}
export type Part = () => Promise<Found>;

/** What stands in place of a figure that a CPU does not have. */
export const notRun = "not run: no CUDA device";
