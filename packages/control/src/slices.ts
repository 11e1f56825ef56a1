import { setImmediate as othersTurn } from "node:timers/promises";

/** Longest that one command computes before other requests get their turn. */
const sliceMs = 10;

/** Runs `work` to its end without holding the event loop: whenever a slice of time is over, it waits for the next turn. */
export async function inSlices<T>(work: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const until = performance.now() + sliceMs;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await othersTurn();
  }
}

/** Rows for one statement: writing 500 stage runs as JSON, or reading them, takes some 3 ms. */
export const batchSize = 500;

/** A list in batches of `batchSize`, in its order. */
export function* inBatches<T>(list: readonly T[]): Generator<T[]> {
  for (let at = 0; at < list.length; at += batchSize) yield list.slice(at, at + batchSize);
}
