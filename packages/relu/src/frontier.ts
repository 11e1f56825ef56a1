import { mean } from "./statistics.ts";

/** What dominance and recommendations look at: validation accuracy only. Test accuracy chooses nothing. */
export interface Candidate {
  reluCount: number;
  validationAccuracy: number;
}

/** What a point costs: its ReLUs, unless a measured cost is to decide. */
export type CostOf<T> = (point: T) => number;
const relus = ({ reluCount }: Candidate): number => reluCount;

/** Points that no other beats at the same cost or less, cheapest first: increasing in both coordinates. */
export function frontierOf<T extends Candidate>(points: readonly T[], costOf: CostOf<T> = relus): T[] {
  const byCost = [...points].sort((a, b) => costOf(a) - costOf(b) || b.validationAccuracy - a.validationAccuracy);
  let best = Number.NEGATIVE_INFINITY;
  return byCost.filter((point) => {
    if (point.validationAccuracy <= best) return false;
    best = point.validationAccuracy;
    return true;
  });
}

/** A single result, of one seed. Accuracies are shares. */
export interface Result extends Candidate {
  /** `ar` for the all-ReLU model. */
  method: string;
  recipe: string;
  variant: string;
  convention: string;
  /** What it came from, where that is a network from elsewhere. */
  source: { sha256: string } | null;
  /** ReLUs asked for; null for the all-ReLU model. */
  budget: number | null;
  testAccuracy: number;
}

export type Runs<T> = [T, ...T[]];

/** Results that differ only in their seed, together, by a key that stays the same from answer to answer. */
export function bySeeds<T extends Result>(results: readonly T[]): Map<string, Runs<T>> {
  const groups = new Map<string, Runs<T>>();
  for (const result of results) {
    const asked = result.budget ?? result.reluCount;
    const source = result.source ? [result.source.sha256] : [];
    const key = [result.method, result.recipe, result.variant, result.convention, asked, ...source].join(" · ");
    const runs = groups.get(key);
    if (runs) runs.push(result);
    else groups.set(key, [result]);
  }
  return groups;
}

/** What a method reached at a budget, as the mean over its seeds: one lucky seed must not decide for its budget. */
export interface Mean extends Candidate {
  method: string;
  testAccuracy: number;
}

export const meanOf = (runs: Runs<Result>): Mean => ({
  method: runs[0].method,
  reluCount: mean(runs.map((run) => run.reluCount)),
  validationAccuracy: mean(runs.map((run) => run.validationAccuracy)),
  testAccuracy: mean(runs.map((run) => run.testAccuracy)),
});

/** The all-ReLU model; of several recipes the one that is most accurate on validation. */
export const bestAr = <T extends Candidate & { method: string }>(points: readonly T[]): T | null =>
  points
    .filter(({ method }) => method === "ar")
    .reduce<T | null>(
      (best, point) => (best === null || point.validationAccuracy > best.validationAccuracy ? point : best),
      null,
    );

export interface Recommendation<T> {
  point: T;
  /** It is the cheapest within one point of the AR model; otherwise the most accurate. */
  withinOnePoint: boolean;
  ar: T | null;
}

const onePoint = 0.01;

/** What to take of points that are means over seeds, as validation accuracy decides; null before there is any. */
export function recommend<T extends Candidate & { method: string }>(
  points: readonly T[],
  costOf: CostOf<T> = relus,
): Recommendation<T> | null {
  const ar = bestAr(points);
  const best = frontierOf(
    points.filter(({ method }) => method !== "ar"),
    costOf,
  );
  const enough = best.find((point) => ar && point.validationAccuracy >= ar.validationAccuracy - onePoint);
  const point = enough ?? best.at(-1);
  return point ? { point, withinOnePoint: enough !== undefined, ar } : null;
}
