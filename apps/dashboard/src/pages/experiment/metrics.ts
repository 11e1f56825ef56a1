import type { MetricSeries } from "@reluctant/contracts";

/** A chart: series of one unit over one step axis, ready for uPlot (`null` where a series has no value at a step). */
export interface ChartData {
  title: string;
  unit: "" | "%" | "img/s";
  names: string[];
  steps: number[];
  values: (number | null)[][];
}

/** Adds points that came later; a step that comes again (a resumed attempt's tail) replaces what was known from there. */
export function mergeSeries(known: MetricSeries[], news: MetricSeries[]): MetricSeries[] {
  const merged = new Map(known.map((series) => [series.series, series]));
  for (const { series, steps, values } of news) {
    const before = merged.get(series);
    const first = steps[0];
    if (first === undefined) continue;
    const keep = before ? before.steps.filter((step) => step < first).length : 0;
    merged.set(series, {
      series,
      steps: [...(before?.steps.slice(0, keep) ?? []), ...steps],
      values: [...(before?.values.slice(0, keep) ?? []), ...values],
    });
  }
  return [...merged.values()];
}

/** The step after which news is wanted: the least of the series' last steps, so that no series is left behind. */
export const lastCommonStep = (series: MetricSeries[]): number | undefined =>
  series.length ? Math.min(...series.map(({ steps }) => steps.at(-1) ?? 0)) : undefined;

/** Charts in the order they are wanted: loss, accuracy, speed, then the others as they come. */
export function charts(series: MetricSeries[]): ChartData[] {
  const groups = new Map<string, MetricSeries[]>([
    ["Loss", []],
    ["Accuracy", []],
    ["Images per second", []],
  ]);
  for (const one of series) {
    const title = chartOf(one.series);
    groups.set(title, [...(groups.get(title) ?? []), one]);
  }
  return [...groups].filter(([, members]) => members.length).map(([title, members]) => align(title, members));
}

/** What the stages' series are called where their own name says too little. */
const titles: Readonly<Record<string, string>> = {
  "images-per-second": "Images per second",
  kept: "ReLUs kept",
  relus: "ReLUs kept",
  distance: "Units exchanged",
  waiting: "Waiting for data",
};
/** Series of one quantity, `loss/divergence` or `density/layer1.0.relu1`, share a chart. */
const parts: Readonly<Record<string, string>> = {
  loss: "Loss by term",
  gradient: "Gradient by term",
  density: "Density by layer",
};
const units: Readonly<Record<string, ChartData["unit"]>> = {
  Accuracy: "%",
  "Units exchanged": "%",
  "Waiting for data": "%",
  "Images per second": "img/s",
};

function chartOf(series: string): string {
  const [quantity = "", part] = series.split("/");
  if (part !== undefined && Object.hasOwn(parts, quantity)) return parts[quantity] as string;
  if (/(^|-)loss$/.test(series)) return "Loss";
  if (/(^|-)accuracy$/.test(series)) return "Accuracy";
  if (Object.hasOwn(titles, series)) return titles[series] as string;
  return series.charAt(0).toUpperCase() + series.slice(1).replaceAll("-", " ");
}

function align(title: string, series: MetricSeries[]): ChartData {
  const unit = Object.hasOwn(units, title) ? (units[title] as ChartData["unit"]) : "";
  const scale = unit === "%" ? 100 : 1;
  const steps = [...new Set(series.flatMap((one) => one.steps))].sort((a, b) => a - b);
  const values = series.map((one) => {
    const at = new Map(one.steps.map((step, i) => [step, (one.values[i] as number) * scale]));
    return steps.map((step) => at.get(step) ?? null);
  });
  return { title, unit, names: series.map((one) => nameIn(title, one.series)), steps, values };
}

/** `train-accuracy` is `train` in the chart of accuracies, `loss/pram` is `PRAM` in that of terms. */
const nameIn = (title: string, series: string): string =>
  series
    .replace(new RegExp(`-${title}$`, "i"), "")
    .replace(/^[a-z]+\//, "")
    .replace(/^pram$/, "PRAM");
