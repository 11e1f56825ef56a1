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

/** Charts in the order they are wanted: loss, accuracy, speed, then one for each other series. */
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

function chartOf(series: string): string {
  if (/(^|-)loss$/.test(series)) return "Loss";
  if (/(^|-)accuracy$/.test(series)) return "Accuracy";
  if (series === "images-per-second") return "Images per second";
  return series.charAt(0).toUpperCase() + series.slice(1).replaceAll("-", " ");
}

function align(title: string, series: MetricSeries[]): ChartData {
  const scale = title === "Accuracy" ? 100 : 1;
  const steps = [...new Set(series.flatMap((one) => one.steps))].sort((a, b) => a - b);
  const values = series.map((one) => {
    const at = new Map(one.steps.map((step, i) => [step, (one.values[i] as number) * scale]));
    return steps.map((step) => at.get(step) ?? null);
  });
  const unit = title === "Accuracy" ? "%" : title === "Images per second" ? "img/s" : "";
  return { title, unit, names: series.map((one) => nameIn(title, one.series)), steps, values };
}

/** `train-accuracy` is `train` in the chart of accuracies. */
const nameIn = (title: string, series: string): string => series.replace(new RegExp(`-${title}$`, "i"), "");
