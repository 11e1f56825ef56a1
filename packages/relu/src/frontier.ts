/** What dominance and recommendations look at: validation accuracy only. Test accuracy chooses nothing. */
export interface Candidate {
  reluCount: number;
  validationAccuracy: number;
}

/** Points that no other beats with at most as many ReLUs, by falling cost of a ReLU: increasing in both coordinates. */
export function frontierOf<T extends Candidate>(points: readonly T[]): T[] {
  const byCost = [...points].sort((a, b) => a.reluCount - b.reluCount || b.validationAccuracy - a.validationAccuracy);
  let best = Number.NEGATIVE_INFINITY;
  return byCost.filter((point) => {
    if (point.validationAccuracy <= best) return false;
    best = point.validationAccuracy;
    return true;
  });
}

/** The cheapest point within `tolerance` of the AR model's validation accuracy; null when none is. */
export function recommend<T extends Candidate>(points: readonly T[], ar: Candidate, tolerance = 0.01): T | null {
  const near = points.filter((point) => point.validationAccuracy >= ar.validationAccuracy - tolerance);
  return near.reduce<T | null>(
    (best, point) => (best === null || point.reluCount < best.reluCount ? point : best),
    null,
  );
}
