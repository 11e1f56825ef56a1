import type { SnlSettings } from "./settings.ts";

/** Where a descent under a penalty on ‖c‖₁ stands. */
export interface PenaltyState {
  /** α */
  penalty: number;
  /** Smallest count of kept ReLUs after any interval so far. */
  lowest: number;
  intervals: number;
}

/** What an interval ended with. */
export interface Descent {
  /** Kept ReLUs. */
  count: number;
  /** ‖c‖₁ */
  sum: number;
  /** All ReLUs, where ‖c‖₁ begins. */
  total: number;
  /** Share of the steps done. */
  progress: number;
}

/**
 * α after an interval (method.md §9): it grows when the count did not fall below what it ever was, once `patience`
 * intervals are over; with `landBy` also while ‖c‖₁ lies above the straight line from all ReLUs to none at that share of
 * the steps.
 */
export function nextPenalty(
  { penalty, lowest, intervals }: PenaltyState,
  { count, sum, total, progress }: Descent,
  { penaltyGrowth, patience, landBy }: Pick<SnlSettings, "penaltyGrowth" | "patience" | "landBy">,
): PenaltyState {
  const stalled = count >= lowest;
  const late = landBy !== undefined && sum > total * Math.max(0, 1 - progress / landBy);
  const grows = intervals >= patience && (landBy === undefined ? stalled : late);
  return {
    penalty: grows ? penalty * penaltyGrowth : penalty,
    lowest: Math.min(lowest, count),
    intervals: intervals + 1,
  };
}
