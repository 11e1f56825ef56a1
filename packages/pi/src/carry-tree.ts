/*
 * The carry of a sum of two shares of n bits, as a tree: two neighboring runs of bits, the higher one hi, the lower one lo,
 * generate a carry where hi does, or where hi passes on what lo generates; they pass one on where both do. So with pairs
 * of runs at once it takes ⌈log2 n⌉ rounds (Kogge & Stone 1973; in secure computation Garay, Schoenmakers & Villegas, PKC 2007).
 */

/** Bit slices of all runs, the lowest first, one party's share of each. The lowest run's `propagate` is never read. */
export interface Runs {
  generate: Int32Array;
  propagate: Int32Array;
  count: number;
}

/** ANDs of each round: one for each pair, and another for each but the lowest. */
export function andsByRound(bits: number): number[] {
  const ands: number[] = [];
  for (let runs = bits; runs > 1; runs = Math.ceil(runs / 2)) ands.push(2 * (runs >> 1) - 1);
  return ands;
}

/** One party's share of x ∧ y, bit by bit, for shares of both. The parties must call it alike. */
export type AndShares = (x: Int32Array, y: Int32Array) => Promise<Int32Array>;

/** One party's share of the carry, a slice of `stride` words. */
export async function carryOf(leaves: Runs, stride: number, and: AndShares): Promise<Int32Array> {
  let runs = leaves;
  while (runs.count > 1) runs = await paired(runs, stride, and);
  return runs.generate;
}

async function paired({ generate, propagate, count }: Runs, stride: number, and: AndShares): Promise<Runs> {
  const pairs = count >> 1;
  const [x, y] = [new Int32Array((2 * pairs - 1) * stride), new Int32Array((2 * pairs - 1) * stride)];
  const at = (slices: Int32Array, run: number) => slices.subarray(run * stride, (run + 1) * stride);
  for (let pair = 0; pair < pairs; pair++) {
    at(x, pair).set(at(propagate, 2 * pair + 1));
    at(y, pair).set(at(generate, 2 * pair));
    if (pair === 0) continue;
    at(x, pairs + pair - 1).set(at(propagate, 2 * pair + 1));
    at(y, pairs + pair - 1).set(at(propagate, 2 * pair));
  }
  const products = await and(x, y);
  const runs = Math.ceil(count / 2);
  const next = { generate: new Int32Array(runs * stride), propagate: new Int32Array(runs * stride), count: runs };
  for (let pair = 0; pair < pairs; pair++) {
    at(next.generate, pair).set(xorOf(at(generate, 2 * pair + 1), at(products, pair)));
    if (pair > 0) at(next.propagate, pair).set(at(products, pairs + pair - 1));
  }
  if (runs > pairs) {
    at(next.generate, pairs).set(at(generate, count - 1)); // the highest has no pair
    at(next.propagate, pairs).set(at(propagate, count - 1));
  }
  return next;
}

/** a ⊕ b, word by word. */
export const xorOf = (a: Int32Array, b: Int32Array): Int32Array => a.map((word, i) => word ^ (b[i] as number));
