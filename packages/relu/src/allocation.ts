import { at, sum } from "./numbers.ts";

/**
 * A global ReLU budget turned into per-layer counts (SENet §3.1; method.md §3.3):
 * r_l = clamp(c·η_l, floor_l, m_l) with c solved so that Σ r_l = r. Saturated layers clamp; their share goes to the others.
 * Integers come from Webster's divisor method with ties by layer index, so that no r_l ever falls when r grows.
 */
export interface AllocationInput {
  /** η_α of each ReLU layer; only ratios matter. */
  sensitivity: readonly number[];
  /** m_l: ReLU units of each layer. */
  sizes: readonly number[];
  /** r: units the whole network may keep. */
  budget: number;
  /** Smallest share of each layer that is kept, in [0, 1]. */
  floor: number;
}

/** @throws RangeError when the budget lies below the floors' sum or above the network's units. */
export function allocate({ sensitivity, sizes, budget, floor }: AllocationInput): number[] {
  if (sensitivity.length !== sizes.length) {
    throw new RangeError(`${sensitivity.length} sensitivities for ${sizes.length} ReLU layers`);
  }
  if (sensitivity.some((eta) => !(eta >= 0) || !Number.isFinite(eta))) {
    throw new RangeError("every sensitivity must be a finite number of at least 0");
  }
  const floors = floorsOf(sizes, floor);
  const least = sum(floors);
  if (!Number.isInteger(budget) || budget < least || budget > sum(sizes)) {
    throw new RangeError(
      `budget ${budget} must be a whole number between ${least} (the layers' floors) and ${sum(sizes)} (all ReLUs)`,
    );
  }
  const eta = relative(sensitivity);
  const kept = roundedAt(largestDivisorBelow(budget, eta, floors, sizes), eta, floors, sizes);
  return distribute(budget - sum(kept), kept, eta, sizes);
}

/** The same share of every layer: the baseline that ignores sensitivity. */
export const uniformAllocation = (sizes: readonly number[], budget: number): number[] =>
  allocate({ sensitivity: sizes, sizes, budget, floor: 0 });

export const floorsOf = (sizes: readonly number[], floor: number): number[] =>
  sizes.map((size) => Math.floor(size * floor));

/** Sum of the floors: the smallest budget that can be allocated. */
export const leastBudget = (sizes: readonly number[], floor: number): number => sum(floorsOf(sizes, floor));

/** Sensitivities relative to the largest; below 10⁻¹² of it they count as 0, so that no quotient overflows. */
function relative(sensitivity: readonly number[]): number[] {
  const largest = Math.max(...sensitivity);
  return sensitivity.map((eta) => (eta > largest * 1e-12 ? eta / largest : 0));
}

/** r_l at divisor constant c, rounded as Webster does (a half goes up), within floor and size. */
const roundedAt = (c: number, eta: readonly number[], floors: readonly number[], sizes: readonly number[]): number[] =>
  eta.map((value, l) => Math.min(at(sizes, l), Math.max(at(floors, l), Math.floor(c * value + 0.5))));

/** Bisection for a c whose rounded sum is at most the budget and within rounding of it. */
function largestDivisorBelow(
  budget: number,
  eta: readonly number[],
  floors: readonly number[],
  sizes: readonly number[],
): number {
  const smallest = Math.min(...eta.filter((value) => value > 0));
  if (!Number.isFinite(smallest)) return 0;
  let low = 0;
  let high = (Math.max(...sizes) + 1) / smallest;
  // 200 halvings reach neighboring doubles from any start.
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (sum(roundedAt(middle, eta, floors, sizes)) <= budget) low = middle;
    else high = middle;
  }
  return low;
}

/** Gives the units left over one by one to the layer whose next half-unit threshold (r_l + ½)/η_l comes first. */
function distribute(left: number, kept: number[], eta: readonly number[], sizes: readonly number[]): number[] {
  for (; left > 0; left--) {
    let best = -1;
    let bestThreshold = Number.POSITIVE_INFINITY;
    kept.forEach((count, l) => {
      if (count >= at(sizes, l)) return;
      const threshold = at(eta, l) > 0 ? (count + 0.5) / at(eta, l) : Number.MAX_VALUE;
      if (threshold < bestThreshold) [best, bestThreshold] = [l, threshold];
    });
    kept[best] = at(kept, best) + 1;
  }
  return kept;
}
