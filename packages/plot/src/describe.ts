import type { Frontier, FrontierAxis } from "@reluctant/contracts";
import { bestAr, type MeasuredSetting, type PublishedCurve, publishedCurves } from "@reluctant/relu";
import { type Axis, accuracyAxis, costAxis } from "./axis.ts";
import { groupSeeds, markDominated, type PlotPoint } from "./group.ts";
import { settingLines } from "./measurement.ts";
import { percent } from "./numbers.ts";
import { type Cost, type Placed, place } from "./placed.ts";
import { plotSentence } from "./sentence.ts";
import { plotTable } from "./table.ts";

/** A horizontal line with its value: the all-ReLU model's accuracy, or chance. `accuracy` is a share. */
export interface Level {
  accuracy: number;
  label: string;
}

/** The frontier plot as plain data: every renderer draws this and decides nothing but pixels. */
export interface PlotDescription {
  title: string;
  totalRelus: number;
  /** What is drawn over. */
  axis: FrontierAxis;
  /** Of an axis of cost: settings that there are, the one that all points were measured in, and how a caption says it. */
  settings: MeasuredSetting[];
  setting: MeasuredSetting | null;
  caption: string[];
  /** The answer people come for, in one sentence. */
  sentence: string;
  x: Axis;
  y: Axis;
  /** Methods in legend order; a method's index is its hue (and its glyph in the terminal). */
  methods: string[];
  /** Partial-ReLU points, cheapest first. */
  points: PlotPoint[];
  /** What a budget buys: corners of the step line through the non-dominated points, up to the right edge. */
  line: { cost: number; accuracy: number }[];
  /** What joins the points of one method and width, cheapest first; empty where the frontier is what matters. */
  curves: { method: string; points: PlotPoint[] }[];
  /** What papers report for this dataset and model, which is over ReLUs alone. */
  published: PublishedCurve[];
  ar: Level | null;
  /** Accuracy of guessing; null when outside the range shown. */
  chance: Level | null;
  /** Why accuracies that are marked with a dagger may be wrong, each reason once; what is not drawn, or is drawn hollow. */
  notes: string[];
  /** The same content for screen readers and copying: the all-ReLU model first. */
  table: { columns: string[]; rows: string[][] };
}

/** Part of the plane to show: costs and accuracy shares. */
export interface Region {
  x: [number, number];
  y: [number, number];
}

/** The accuracy axis spans at least this, so that noise never looks like a cliff. */
const leastSpan = 0.04;

/** What is drawn: the points alone. What to take of them is recommended anew, of exactly these. */
export type Plotted = Omit<Frontier, "recommendation">;

/** Describes the plot of one dataset version and model over ReLUs, or over a measured cost. Works for an empty frontier too. */
export function frontierPlot(frontier: Plotted, cost: Cost = { axis: "relus" }): PlotDescription {
  const placed = place(frontier.points, cost);
  const { axis, settings, setting } = placed;
  const reached = groupSeeds(placed.runs);
  const ar = bestAr(reached);
  const points = markDominated(reached.filter((point) => point.method !== "ar"));
  const published = axis === "relus" ? publishedCurves(frontier.dataset, frontier.model) : [];
  const region = fittedRegion(points, ar, frontier.totalRelus, published);
  const x = costAxis(axis, region.x, frontier.totalRelus);
  const y = accuracyAxis(region.y);
  return {
    title: `${frontier.dataset} · ${frontier.model}`,
    totalRelus: frontier.totalRelus,
    axis,
    settings,
    setting,
    caption: setting ? settingLines(setting) : [],
    sentence: plotSentence(axis, reached, frontier.totalRelus),
    x,
    y,
    methods: [...new Set(points.map((point) => point.method))].sort(),
    points,
    line: stepLine(points, x),
    curves: [],
    published,
    ar: ar && { accuracy: ar.accuracy, label: `AR ${percent(ar.accuracy)}` },
    chance: level(1 / frontier.classes, "chance", y),
    notes: [...measuringNotes(placed, points), ...suspicions({ points: placed.runs })],
    table: plotTable(placed, ar ? [ar, ...points] : points, frontier.totalRelus),
  };
}

/** The same plot seen closer; `region` lies inside the axes of `plot`. */
export const zoom = (plot: PlotDescription, region: Region): PlotDescription => ({
  ...plot,
  x: costAxis(plot.axis, region.x, plot.totalRelus),
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

/** What a plot over a measured cost leaves out, and what its hollow points are. */
const measuringNotes = ({ setting, unmeasured }: Placed, points: PlotPoint[]): string[] => [
  ...(setting && unmeasured > 0
    ? [
        `${unmeasured} ${unmeasured === 1 ? "network was" : "networks were"} not measured so, and ${unmeasured === 1 ? "is" : "are"} not drawn`,
      ]
    : []),
  ...(points.some(({ cost }) => cost.disturbed)
    ? ["hollow: others used the machine during each of the point's measurements"]
    : []),
];

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
  const costs = [
    ...points.flatMap((point) => point.runs.flatMap(({ cost }) => [cost.least, cost.most])),
    ...references.map(({ reluCount }) => reluCount),
  ];
  const least = costs.length ? Math.min(...costs) : totalRelus / 100;
  const most = costs.length ? Math.max(...costs) : totalRelus;
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
    x: [Math.max(1e-3, least) / 1.25, Math.max(1e-3, most) * 1.25],
    y: [Math.max(0, middle - spread * 0.56), Math.min(1, middle + spread * 0.56)],
  };
}

function stepLine(points: PlotPoint[], x: Axis): PlotDescription["line"] {
  const corners: PlotDescription["line"] = [];
  for (const { cost, accuracy } of points.filter((point) => point.onFrontier)) {
    const before = corners.at(-1);
    if (before) corners.push({ cost: cost.value, accuracy: before.accuracy });
    corners.push({ cost: cost.value, accuracy });
  }
  const last = corners.at(-1);
  return last ? [...corners, { cost: x.domain[1], accuracy: last.accuracy }] : [];
}

const level = (accuracy: number, name: string, y: Axis): Level | null =>
  accuracy >= y.domain[0] && accuracy <= y.domain[1] ? { accuracy, label: `${name} ${percent(accuracy, 1)}` } : null;
