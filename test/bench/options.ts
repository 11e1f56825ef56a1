export interface Options {
  quick: boolean;
  /** Only cases with this in their name. */
  only: string;
  /** Leave the table in docs/results, where the bench has a page there. */
  write: boolean;
}

/** A flag that says something senseless; the message names it. */
export class FlagError extends Error {}
