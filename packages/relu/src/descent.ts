import { type Mask, onesOf, topUnits, totalOf } from "./mask.ts";
import { at, sum } from "./numbers.ts";

/**
 * ReLUs that are left after each removal of a descent from `units` through falling budgets: `removals` of them before
 * each budget, in equal ratios, so that every round takes the same share of what is left.
 */
export function descentLevels(units: number, budgets: readonly number[], removals: number): number[] {
  let from = units;
  return budgets.flatMap((budget) => {
    const ratio = (budget / from) ** (1 / removals);
    const start = from;
    from = budget;
    return Array.from({ length: removals }, (_, round) =>
      round + 1 === removals ? budget : Math.round(start * ratio ** (round + 1)),
    );
  });
}

/** Removes all but the `counts[l]` highest scores among the units that layer l still has. Ties by index. */
export const removePerLayer = (
  masks: readonly Mask[],
  scores: readonly Float32Array[],
  counts: readonly number[],
): Mask[] =>
  masks.map((mask, l) => topUnits(remaining(mask, scores[l] as Float32Array), Math.min(onesOf(mask), at(counts, l))));

export interface Ranking {
  scores: readonly Float32Array[];
  /** Units that the whole network keeps. */
  total: number;
  /** Units that each layer keeps whatever its scores; of a layer that has fewer left, those. */
  floors: readonly number[];
}

/**
 * Removes all but the `total` highest scores of the network, a layer's scores counted in means of what it still has: so
 * a layer whose units cost alike loses its share, and one with a few dear ones keeps those.
 */
export function removeAcrossLayers(masks: readonly Mask[], { scores, total, floors }: Ranking): Mask[] {
  const relative = masks.map((mask, l) => inMeans(mask, scores[l] as Float32Array));
  const safe = removePerLayer(masks, relative, floors);
  const left = total - totalOf(safe);
  const contested = masks.map((mask, l) => mask.map((bit, unit) => bit & ~at(safe[l] as Mask, unit)));
  const chosen = topUnits(joined(contested.map((mask, l) => remaining(mask, relative[l] as Float32Array))), left);
  let first = 0;
  return safe.map((mask) => {
    const own = chosen.subarray(first, first + mask.length);
    first += mask.length;
    return mask.map((bit, unit) => bit | at(own, unit));
  });
}

/** Scores of the units that a mask keeps; the others rank below every score. */
const remaining = (mask: Mask, scores: Float32Array): Float32Array =>
  scores.map((score, unit) => (mask[unit] ? score : Number.NEGATIVE_INFINITY));

function inMeans(mask: Mask, scores: Float32Array): Float32Array {
  const total = mask.reduce((total, bit, unit) => total + bit * at(scores, unit), 0);
  const mean = total / Math.max(1, onesOf(mask));
  return mean > 0 ? scores.map((score) => score / mean) : scores;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(sum(parts.map(({ length }) => length)));
  let first = 0;
  for (const part of parts) {
    all.set(part, first);
    first += part.length;
  }
  return all;
}
