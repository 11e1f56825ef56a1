import {
  allocate,
  at,
  type Mask,
  onesOf,
  permutation,
  streams,
  sum,
  topUnits,
  uniformAllocation,
} from "@reluctant/relu";

/**
 * Sparse momentum (Dettmers & Zettlemoyer 2019; method.md §3.1): which weights of a network trained at a fixed number of
 * non-zeros stay. Pure decisions over host arrays; patterns are 1 where a weight may be non-zero.
 */
export interface SparseLayer {
  weights: Float32Array;
  momentum: Float32Array;
  pattern: Mask;
}

/** Each layer at density d, at random; together exactly round(d · Σ sizes) non-zeros. */
export function randomPatterns(sizes: readonly number[], density: number, seed: number): Mask[] {
  const total = Math.round(density * sum(sizes));
  return uniformAllocation(sizes, total).map((ones, layer) => {
    const pattern = new Uint8Array(sizes[layer] as number);
    const order = permutation(pattern.length, { seed, stream: streams.sparsity, epoch: layer });
    for (const place of order.subarray(0, ones)) pattern[place] = 1;
    return pattern;
  });
}

/** The pruning rate at a step: cosine from `pruneRate` to 0 over the run. */
export const pruneRateAt = (step: number, steps: number, pruneRate: number): number =>
  (pruneRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;

/** One round: prune each layer's smallest weights, share the removed out by momentum, regrow. The total never changes. */
export function pruneAndRegrow(layers: readonly SparseLayer[], rate: number): Mask[] {
  const shares = momentumShares(layers);
  const removed = layers.map((layer, l) => pruneCount(layer, { rate, share: at(shares, l), layers: layers.length }));
  const regrown = redistribute(layers, shares, removed);
  return layers.map((layer, l) => regrow(layer.momentum, prune(layer, at(removed, l)), at(regrown, l)));
}

/** Mean |momentum| over each layer's non-zeros, normalized to sum to 1; equal shares where nothing moves. */
function momentumShares(layers: readonly SparseLayer[]): number[] {
  const means = layers.map(({ momentum, pattern }) => {
    const total = momentum.reduce((sum, value, i) => sum + (pattern[i] ? Math.abs(value) : 0), 0);
    return total / Math.max(onesOf(pattern), 1);
  });
  const sum = means.reduce((total, mean) => total + mean, 0);
  return means.map((mean) => (sum > 0 ? mean / sum : 1 / layers.length));
}

/** A nearly dense layer (under 20 % zeros) that is growing prunes at most its share of zeros, or it could never fill. */
function pruneCount(
  { pattern }: SparseLayer,
  { rate, share, layers }: { rate: number; share: number; layers: number },
): number {
  const ones = onesOf(pattern);
  const zeros = pattern.length - ones;
  const nearlyDense = zeros < 0.2 * pattern.length;
  const most = nearlyDense && share > 1 / layers ? (zeros * ones) / pattern.length : ones;
  return Math.floor(Math.min(most, rate * ones));
}

/**
 * How many weights each layer regrows: proportional to its momentum, at most 0.99 of its free places, the rest going to
 * the others. A layer may always take back what it lost, so that there is room for all.
 */
function redistribute(layers: readonly SparseLayer[], shares: readonly number[], removed: readonly number[]): number[] {
  const room = layers.map(({ pattern }, l) => {
    const free = pattern.length - onesOf(pattern) + at(removed, l);
    return Math.max(Math.floor(0.99 * free), at(removed, l));
  });
  const budget = sum(removed);
  return allocate({ sensitivity: shares, sizes: room, budget, floor: 0 });
}

/** The pattern without its `count` smallest |weights|. */
function prune({ weights, pattern }: SparseLayer, count: number): Mask {
  const magnitudes = weights.map((weight, i) => (pattern[i] ? Math.abs(weight) : -1));
  return topUnits(magnitudes, onesOf(pattern) - count);
}

/** The pattern with the `count` free places of largest |momentum|. */
function regrow(momentum: Float32Array, pattern: Mask, count: number): Mask {
  const grown = topUnits(
    momentum.map((value, i) => (pattern[i] ? -1 : Math.abs(value))),
    count,
  );
  return grown.map((bit, i) => bit | at(pattern, i));
}
