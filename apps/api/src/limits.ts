/** How much the API takes on at once, and for how long. */
export interface Limits {
  /** Requests that are worked on at once: as many as the database has connections, since each takes one. */
  active: number;
  /** Requests that may wait for their turn; the next are refused as `busy`. */
  waiting: number;
  /** How long one may wait for its turns: less than `requestMs` by what the work takes. */
  waitMs: number;
  /** How long an answer may take, the wait included. Streams, and artifacts' bytes, take as long as they take. */
  requestMs: number;
  /** How long the headers of a request may take to arrive. */
  headersMs: number;
  /** How long a JSON body may take to arrive, and each further piece of an artifact. */
  bodyMs: number;
}

/** 500 waiting submits are some 10 s of work on one core, and 30 MB of memory at most in specs of the usual size. */
export const defaultLimits: Limits = {
  active: 10,
  waiting: 500,
  waitMs: 20_000,
  requestMs: 30_000,
  headersMs: 20_000,
  bodyMs: 20_000,
};
