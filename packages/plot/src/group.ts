import { type FrontierPoint, fullVariant, type PointCost } from "@reluctant/contracts";
import { bySeeds, frontierOf, mean, meanOf, type Runs, standardError } from "@reluctant/relu";
import { seriesNames } from "./series-names.ts";

/** A single result with its place on the axis that is drawn. */
export type PlacedRun = FrontierPoint & { cost: PointCost };

/** A point of the plot: what a method reached at a budget, as the mean over its seeds. Accuracies are shares. */
export interface PlotPoint {
  /** Unique in the plot, stable between answers. */
  key: string;
  /** What its series is called, which is its method unless networks from elsewhere share that: see `seriesNames`. */
  method: string;
  recipe: string;
  /** Share of the network's channels: below 1 for the narrower networks of SENet++. */
  width: number;
  /** Multiply–accumulates of one image. */
  macs: number;
  /** ReLUs asked for; null for the all-ReLU model. */
  budget: number | null;
  /** ReLUs kept, mean over the seeds. */
  reluCount: number;
  /** Where it lies on the axis: the mean over the seeds, and the least and most of any. */
  cost: PointCost;
  /** Units that compute a polynomial where their ReLU was, mean over the seeds: not free, though no ReLUs. */
  polynomialUnits: number;
  /** On the test part, mean over the seeds: what is shown, and decides nothing. */
  accuracy: number;
  /** Standard error of `accuracy` over the seeds; null with one seed. */
  standardError: number | null;
  validationAccuracy: number;
  seeds: number[];
  /** Training images seen by its stage, mean over the seeds. */
  images: number;
  /** GPU time of its stage, sum over the seeds. */
  gpuSeconds: number;
  /** No other point costs at most as much and has a higher mean validation accuracy. */
  onFrontier: boolean;
  /** Why one of the results may be wrong; null where nothing is known against any. */
  suspect: string | null;
  /** The single results behind the mean. */
  runs: PlacedRun[];
}

/** Points that differ only in their seed become one. Order: cheapest first. */
export function groupSeeds(points: readonly PlacedRun[]): PlotPoint[] {
  const seriesOf = seriesNames(points);
  return [...bySeeds(points)]
    .map(([key, runs]) => summarize({ key, method: runs[0].method === "ar" ? "ar" : seriesOf(runs[0]) }, runs))
    .sort((a, b) => a.cost.value - b.cost.value);
}

function summarize(named: Pick<PlotPoint, "key" | "method">, runs: Runs<PlacedRun>): PlotPoint {
  const [first] = runs;
  const { reluCount, validationAccuracy, testAccuracy } = meanOf(runs);
  return {
    ...named,
    recipe: first.recipe,
    width: widthOf(first),
    macs: first.macs,
    budget: first.budget,
    reluCount,
    cost: costOfAll(runs.map(({ cost }) => cost)),
    polynomialUnits: mean(runs.map((run) => run.polynomialUnits)),
    accuracy: testAccuracy,
    standardError: standardError(runs.map((run) => run.testAccuracy)),
    validationAccuracy,
    seeds: [...new Set(runs.map((run) => run.seed))].sort((a, b) => a - b),
    images: mean(runs.map((run) => run.images)),
    gpuSeconds: runs.reduce((sum, run) => sum + run.gpuSeconds, 0),
    onFrontier: true,
    suspect: runs.find((run) => run.suspect !== null)?.suspect ?? null,
    runs,
  };
}

const costOfAll = (costs: PointCost[]): PointCost => ({
  value: mean(costs.map(({ value }) => value)),
  least: Math.min(...costs.map(({ least }) => least)),
  most: Math.max(...costs.map(({ most }) => most)),
  measurements: costs.reduce((sum, { measurements }) => sum + measurements, 0),
  disturbed: costs.some(({ disturbed }) => disturbed),
});

/** Share of the network's channels that a point's network has: a narrower one is named by it. */
export const widthOf = ({ variant }: Pick<FrontierPoint, "variant">): number =>
  variant === fullVariant ? 1 : Number(variant);

/** As screens write it, `0.5×`; a dash for the networks of full width. */
export const widthText = (width: number): string => (width === 1 ? "–" : `${width}×`);

/**
 * Marks the non-dominated points. The single results carry a flag of their own, but the mean of three seeds competes
 * with other means: one lucky seed must not put its budget on the line.
 */
export function markDominated(points: PlotPoint[]): PlotPoint[] {
  const best = new Set(frontierOf(points, ({ cost }) => cost.value));
  return points.map((point) => ({ ...point, onFrontier: best.has(point) }));
}
