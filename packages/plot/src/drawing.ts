import * as Plot from "@observablehq/plot";
import type { PointCost } from "@reluctant/contracts";
import { axisWords } from "./axis.ts";
import type { PlotDescription } from "./describe.ts";
import { type PlotPoint, widthText } from "./group.ts";
import { percent } from "./numbers.ts";
import { hueOf, type PlotTheme } from "./theme.ts";

export interface DrawOptions {
  /** CSS pixels. */
  width: number;
  height: number;
  theme: PlotTheme;
  /** Defaults to the page's own. */
  document?: Document;
}

/** The drawing and its scales, for those who place things over it. */
export type PlotDrawing = (SVGSVGElement | HTMLElement) & Plot.Plot;

const margins = { marginTop: 16, marginRight: 88, marginBottom: 44, marginLeft: 56 };

/** Draws the plot as one SVG element; the caller adds title and legend around it. */
export function drawFrontier(plot: PlotDescription, options: DrawOptions): PlotDrawing {
  const drawing = Plot.plot(plotOptions(plot, options));
  drawing.querySelector("style")?.remove(); // a strict content security policy refuses inline style sheets
  return drawing;
}

/** Observable Plot options of a description. */
export function plotOptions(plot: PlotDescription, { width, height, theme, document }: DrawOptions): Plot.PlotOptions {
  return {
    ...(document && { document }),
    ...margins,
    width,
    height,
    style: { fontSize: "12px", fontFamily: "system-ui, sans-serif", color: theme.ink, background: "none" },
    ariaLabel: `Test accuracy against ${plot.axis === "relus" ? "ReLUs kept" : axisWords[plot.axis].name.toLowerCase()}, ${plot.title}`,
    ariaDescription: plot.sentence,
    x: { type: "log", domain: plot.x.domain, label: null },
    y: { type: "linear", domain: plot.y.domain, label: null },
    marks: [
      ...axes(plot, theme),
      ...levels(plot, theme),
      ...published(plot, theme),
      ...frontierLine(plot, theme),
      ...curves(plot, theme),
      ...seeds(plot, theme),
      ...spreads(plot, theme),
      ...points(plot, theme),
    ],
  };
}

function axes({ x, y }: PlotDescription, theme: PlotTheme): Plot.Markish[] {
  const xLabels = new Map(x.ticks.map((tick) => [tick.value, tick.label]));
  const yLabels = new Map(y.ticks.map((tick) => [tick.value, tick.label]));
  const xTicks = { ticks: x.ticks.map((tick) => tick.value), tickFormat: (value: number) => xLabels.get(value) ?? "" };
  const yTicks = { ticks: y.ticks.map((tick) => tick.value), tickFormat: (value: number) => yLabels.get(value) ?? "" };
  return [
    Plot.gridY({ ticks: yTicks.ticks, stroke: theme.grid, strokeOpacity: 1 }),
    Plot.axisX({ ...xTicks, fill: theme.muted, stroke: theme.muted, tickSize: 4, label: null }),
    Plot.axisY({ ...yTicks, fill: theme.muted, stroke: theme.grid, tickSize: 0, label: null }),
    Plot.ruleY([y.domain[0]], { stroke: theme.muted }),
    Plot.text([x.label], { frameAnchor: "bottom", dy: 40, fill: theme.muted }),
    Plot.text([y.label], { frameAnchor: "left", rotate: -90, dx: -44, fill: theme.muted, textAnchor: "middle" }),
  ];
}

/** The all-ReLU model as a thin dashed line with its value at the right edge; chance likewise, dotted. */
function levels({ ar, chance }: PlotDescription, theme: PlotTheme): Plot.Markish[] {
  return [
    { level: ar, dash: "6 4", color: theme.ink },
    { level: chance, dash: "1 4", color: theme.muted },
  ].flatMap(({ level, dash, color }) =>
    level
      ? [
          Plot.ruleY([level], { y: "accuracy", stroke: color, strokeDasharray: dash, clip: true }),
          Plot.text([level], {
            y: "accuracy",
            text: "label",
            frameAnchor: "right",
            textAnchor: "start",
            dx: 6,
            fill: color,
            clip: false,
          }),
        ]
      : [],
  );
}

/** Papers' curves: hollow points joined by dashes, the source in the tooltip, the method's name at the first point. */
const published = ({ published: curves }: PlotDescription, theme: PlotTheme): Plot.Markish[] =>
  curves.flatMap(({ method, source, points }) => {
    const place = { x: "reluCount", y: "accuracy", stroke: theme.muted, clip: true } as const;
    return [
      Plot.line(points, { ...place, strokeWidth: 0.75, strokeDasharray: "2 3" }),
      Plot.dot(points, { ...place, fill: theme.background, r: 2.5, title: () => `${method}, ${source}` }),
      Plot.text(points.slice(0, 1), {
        x: "reluCount",
        y: "accuracy",
        text: () => method,
        dy: 11,
        fill: theme.muted,
        fontSize: 10,
        clip: true,
      }),
    ];
  });

const frontierLine = ({ line }: PlotDescription, theme: PlotTheme): Plot.Markish[] => [
  Plot.line(line, {
    x: "cost",
    y: "accuracy",
    stroke: theme.ink,
    strokeWidth: 1.25,
    strokeOpacity: 0.55,
    clip: true,
  }),
];

const curves = ({ curves, methods }: PlotDescription, theme: PlotTheme): Plot.Markish[] =>
  curves.map(({ method, points }) =>
    Plot.line(points, {
      x: costOf,
      y: "accuracy",
      stroke: hueOf(theme, methods.indexOf(method)),
      strokeWidth: 1.5,
      strokeOpacity: 0.7,
      clip: true,
    }),
  );

const costOf = ({ cost }: { cost: PointCost }): number => cost.value;

/** Single runs faint, and a whisker of ± 1 standard error, where a point is the mean of several seeds. */
function seeds({ points, methods }: PlotDescription, theme: PlotTheme): Plot.Markish[] {
  const several = points.filter((point) => point.standardError !== null);
  const color = (method: string): string => hueOf(theme, methods.indexOf(method));
  const runs = several.flatMap((point) =>
    point.runs.map((run) => ({ ...run, color: point.onFrontier ? color(point.method) : theme.faint })),
  );
  return [
    Plot.dot(runs, { x: costOf, y: "testAccuracy", fill: "color", fillOpacity: 0.35, r: 1.75, clip: true }),
    Plot.ruleX(several, {
      x: costOf,
      y1: (point: PlotPoint) => point.accuracy - (point.standardError ?? 0),
      y2: (point: PlotPoint) => point.accuracy + (point.standardError ?? 0),
      stroke: (point: PlotPoint) => (point.onFrontier ? color(point.method) : theme.faint),
      strokeWidth: 1.5,
      clip: true,
    }),
  ];
}

/** Bars from the fastest to the slowest inference of a point's measurements, where they differ. */
function spreads({ points, methods }: PlotDescription, theme: PlotTheme): Plot.Markish[] {
  const spread = points.filter(({ cost }) => cost.most > cost.least);
  return [
    Plot.ruleY(spread, {
      y: "accuracy",
      x1: ({ cost }: PlotPoint) => cost.least,
      x2: ({ cost }: PlotPoint) => cost.most,
      stroke: (point: PlotPoint) => (point.onFrontier ? hueOf(theme, methods.indexOf(point.method)) : theme.faint),
      strokeWidth: 1.5,
      clip: true,
    }),
  ];
}

/** Filled, but hollow where others disturbed all measurements; dominated ones small and grey. */
function points(plot: PlotDescription, theme: PlotTheme): Plot.Markish[] {
  const dominated = plot.points.filter((point) => !point.onFrontier);
  const best = plot.points.filter((point) => point.onFrontier);
  const hue = (point: PlotPoint): string => hueOf(theme, plot.methods.indexOf(point.method));
  const hollow = ({ cost }: PlotPoint): boolean => cost.disturbed;
  const place = { x: costOf, y: "accuracy", ariaLabel: ariaLabelOf(plot), clip: true } as const;
  return [
    Plot.dot(dominated, {
      ...place,
      fill: (point: PlotPoint) => (hollow(point) ? theme.background : theme.faint),
      stroke: (point: PlotPoint) => (hollow(point) ? theme.faint : "none"),
      r: 2.75,
    }),
    Plot.dot(best, {
      ...place,
      fill: (point: PlotPoint) => (hollow(point) ? theme.background : hue(point)),
      stroke: (point: PlotPoint) => (hollow(point) ? hue(point) : theme.background),
      strokeWidth: 1.5,
      r: 5,
    }),
  ];
}

const ariaLabelOf =
  ({ axis }: PlotDescription) =>
  ({ method, width, cost, reluCount, accuracy, onFrontier }: PlotPoint): string =>
    [
      width === 1 ? method : `${method} ${widthText(width)}`,
      ...(axis === "relus" ? [] : [axisWords[axis].text(cost.value)]),
      axisWords.relus.text(reluCount),
      percent(accuracy),
      ...(cost.disturbed ? ["disturbed"] : []),
      ...(onFrontier ? [] : ["dominated"]),
    ].join(", ");
