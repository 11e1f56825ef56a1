import type { Frontier } from "@reluctant/contracts";
import { bestAr, type PublishedCurve, publishedCurves, recommend } from "@reluctant/relu";
import { type Axis, accuracyAxis, reluAxis } from "./axis.ts";
import { groupSeeds, markDominated, type PlotPoint, widthText } from "./group.ts";
import { budgetShare, compact, count, percent } from "./numbers.ts";

/** A horizontal line with its value: the all-ReLU model's accuracy, or chance. `accuracy` is a share. */
export interface Level {
  accuracy: number;
  label: string;
}

/** The frontier plot as plain data: every renderer draws this and decides nothing but pixels. */
export interface PlotDescription {
  title: string;
  totalRelus: number;
  /** The answer people come for, in one sentence. */
  sentence: string;
  x: Axis;
  y: Axis;
  /** Methods in legend order; a method's index is its hue (and its glyph in the terminal). */
  methods: string[];
  /** Partial-ReLU points, fewest ReLUs first. */
  points: PlotPoint[];
  /** What a budget buys: corners of the step line through the non-dominated points, up to the right edge. */
  line: { reluCount: number; accuracy: number }[];
  /** What joins the points of one method and width, fewest ReLUs first; empty where the frontier is what matters. */
  curves: { method: string; points: { reluCount: number; accuracy: number }[] }[];
  /** What papers report for this dataset and model. */
  published: PublishedCurve[];
  ar: Level | null;
  /** Accuracy of guessing; null when outside the range shown. */
  chance: Level | null;
  /** Why accuracies that are marked with a dagger may be wrong; each reason once. */
  notes: string[];
  /** The same content for screen readers and copying: the all-ReLU model first. */
  table: { columns: string[]; rows: string[][] };
}

/** Part of the plane to show: ReLUs and accuracy shares. */
export interface Region {
  x: [number, number];
  y: [number, number];
}

/** The accuracy axis spans at least this, so that noise never looks like a cliff. */
const leastSpan = 0.04;

/** What is drawn: the points alone. What to take of them is recommended anew, of exactly these. */
export type Plotted = Omit<Frontier, "recommendation">;

/** Describes the plot of one dataset version and model. Works for an empty frontier too. */
export function frontierPlot(frontier: Plotted): PlotDescription {
  const reached = groupSeeds(frontier.points);
  const ar = bestAr(reached);
  const points = markDominated(reached.filter((point) => point.method !== "ar"));
  const published = publishedCurves(frontier.dataset, frontier.model);
  const region = fittedRegion(points, ar, frontier.totalRelus, published);
  const x = reluAxis(region.x, frontier.totalRelus);
  const y = accuracyAxis(region.y);
  return {
    title: `${frontier.dataset} · ${frontier.model}`,
    totalRelus: frontier.totalRelus,
    sentence: sentence(reached, frontier.totalRelus),
    x,
    y,
    methods: [...new Set(points.map((point) => point.method))].sort(),
    points,
    line: stepLine(points, x),
    curves: [],
    published,
    ar: ar && { accuracy: ar.accuracy, label: `AR ${percent(ar.accuracy)}` },
    chance: level(1 / frontier.classes, "chance", y),
    notes: suspicions(frontier),
    table: table(ar ? [ar, ...points] : points, frontier.totalRelus),
  };
}

/** The same plot seen closer; `region` lies inside the axes of `plot`. */
export const zoom = (plot: PlotDescription, region: Region): PlotDescription => ({
  ...plot,
  x: reluAxis(region.x, plot.totalRelus),
  y: accuracyAxis(region.y),
});

/** The same points as a comparison: each method in its color and joined by a curve, whether another dominates it or not. */
export function comparisonPlot(frontier: Plotted): PlotDescription {
  const plot = frontierPlot(frontier);
  const curves = new Map<string, PlotPoint[]>();
  for (const point of plot.points) {
    const key = `${point.method} ${point.width}`;
    curves.set(key, [...(curves.get(key) ?? []), point]);
  }
  return {
    ...plot,
    sentence: "Each method at its budgets; of several seeds the mean ± its standard error.",
    points: plot.points.map((point) => ({ ...point, onFrontier: true })),
    line: [],
    curves: [...curves.values()].map((points) => ({ method: (points[0] as PlotPoint).method, points })),
  };
}

/** What follows an accuracy that may be wrong. */
export const dagger = ({ suspect }: { suspect: string | null }): string => (suspect === null ? "" : " †");

/** What is said of the points that bear a dagger, each once. */
export const suspicions = ({ points }: Pick<Frontier, "points">): string[] => [
  ...new Set(points.flatMap(({ suspect }) => (suspect === null ? [] : [`† may be wrong: ${suspect}`]))),
];

function fittedRegion(
  points: PlotPoint[],
  ar: PlotPoint | null,
  totalRelus: number,
  published: PublishedCurve[],
): Region {
  const references = published.flatMap((curve) => curve.points);
  const relus = [
    ...points.flatMap((point) => point.runs.map((run) => run.reluCount)),
    ...references.map(({ reluCount }) => reluCount),
  ];
  const fewest = relus.length ? Math.min(...relus) : totalRelus / 100;
  const most = relus.length ? Math.max(...relus) : totalRelus;
  const accuracies = [...points, ...(ar ? [ar] : [])].flatMap((point) => [
    ...point.runs.map((run) => run.testAccuracy),
    point.accuracy - (point.standardError ?? 0),
    point.accuracy + (point.standardError ?? 0),
  ]);
  accuracies.push(...references.map(({ accuracy }) => accuracy));
  const low = accuracies.length ? Math.min(...accuracies) : 0;
  const high = accuracies.length ? Math.max(...accuracies) : 1;
  const spread = Math.max(high - low, leastSpan);
  const middle = (low + high) / 2;
  return {
    x: [Math.max(1, fewest) / 1.25, most * 1.25],
    y: [Math.max(0, middle - spread * 0.56), Math.min(1, middle + spread * 0.56)],
  };
}

function stepLine(points: PlotPoint[], x: Axis): PlotDescription["line"] {
  const corners: PlotDescription["line"] = [];
  for (const { reluCount, accuracy } of points.filter((point) => point.onFrontier)) {
    const before = corners.at(-1);
    if (before) corners.push({ reluCount, accuracy: before.accuracy });
    corners.push({ reluCount, accuracy });
  }
  const last = corners.at(-1);
  return last ? [...corners, { reluCount: x.domain[1], accuracy: last.accuracy }] : [];
}

const level = (accuracy: number, name: string, y: Axis): Level | null =>
  accuracy >= y.domain[0] && accuracy <= y.domain[1] ? { accuracy, label: `${name} ${percent(accuracy, 1)}` } : null;

/** What to take, as validation accuracy decides. Both accuracies stand there by name: the test part's decided nothing. */
function sentence(reached: PlotPoint[], totalRelus: number): string {
  const accuracies = (point: PlotPoint): string =>
    `validation ${percent(point.validationAccuracy, 1)}, test ${percent(point.accuracy, 1)}${dagger(point)}`;
  const found = recommend(reached);
  if (!found) {
    const ar = bestAr(reached);
    return ar ? `AR reaches ${accuracies(ar)}; no budget has finished yet.` : "Nothing has finished yet.";
  }
  const { point, ar, withinOnePoint } = found;
  const described = `${count(point.reluCount)} ReLUs (${budgetShare(point.reluCount, totalRelus)}), ${accuracies(point)}`;
  if (!ar) return `Best on validation so far: ${described}.`;
  if (withinOnePoint) return `Smallest budget within 1 point of AR on validation: ${described}.`;
  return `No budget is within 1 point of AR on validation (${percent(ar.validationAccuracy, 1)}); best: ${described}.`;
}

function table(points: PlotPoint[], totalRelus: number): PlotDescription["table"] {
  return {
    columns: [
      "Method",
      "Recipe",
      "Budget",
      "ReLUs kept",
      "Share",
      "Polynomial units",
      "Width",
      "MACs",
      "Test accuracy",
      "± SE",
      "Validation accuracy",
      "Seeds",
      "Frontier",
    ],
    rows: points.map((point) => [
      point.method,
      point.recipe,
      point.budget === null ? "–" : count(point.budget),
      count(point.reluCount),
      budgetShare(point.reluCount, totalRelus),
      point.polynomialUnits === 0 ? "–" : count(point.polynomialUnits),
      widthText(point.width),
      compact(point.macs),
      percent(point.accuracy) + dagger(point),
      point.standardError === null ? "–" : percent(point.standardError),
      percent(point.validationAccuracy),
      point.seeds.join(", "),
      point.onFrontier ? "yes" : "no",
    ]),
  };
}
