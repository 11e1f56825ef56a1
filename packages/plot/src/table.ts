import type { CostAxis, PiSetting, PiSystem } from "@reluctant/contracts";
import { modelledOn, piSystemPresets } from "@reluctant/relu";
import { axisWords } from "./axis.ts";
import { type PlotPoint, widthText } from "./group.ts";
import { budgetShare, compact, count, percent } from "./numbers.ts";
import type { Placed } from "./placed.ts";
import { dagger } from "./sentence.ts";

/** The points as a table, a row each: for screen readers and for copying. */
export function plotTable(
  { axis, setting }: Pick<Placed, "axis" | "setting">,
  points: PlotPoint[],
  totalRelus: number,
): { columns: string[]; rows: string[][] } {
  const columns = [...named, ...(axis === "relus" || !setting ? [] : measured(axis, setting)), ...reached(totalRelus)];
  return {
    columns: columns.map(([title]) => title),
    rows: points.map((point) => columns.map(([, text]) => text(point))),
  };
}

type Column = [title: string, text: (point: PlotPoint) => string];

const named: Column[] = [
  ["Method", ({ method }) => method],
  ["Recipe", ({ recipe }) => recipe],
  ["Budget", ({ budget }) => (budget === null ? "–" : count(budget))],
];

function measured(axis: CostAxis, { system }: PiSetting): Column[] {
  const { name, text } = axisWords[axis];
  const ofMeasured = (write: (point: PlotPoint) => string) => (point: PlotPoint) =>
    point.cost.measurements === 0 ? "–" : write(point);
  return [
    [name, ofMeasured(({ cost }) => text(cost.value))],
    ["Least to most", ofMeasured(({ cost }) => `${text(cost.least)} to ${text(cost.most)}`)],
    ["Measurements", ofMeasured(({ cost }) => `${cost.measurements}${cost.disturbed ? ", disturbed" : ""}`)],
    [`${piSystemPresets[system].title} modelled, published constants`, (point) => modelledText(axis, system, point)],
  ];
}

/** What the system's authors would have had: no measurement of ours is in it. */
export const modelledText = (axis: CostAxis, system: PiSystem, { macs, reluCount }: PlotPoint): string =>
  axisWords[axis].text(modelledOn(axis, system, { macs, relus: reluCount }));

const reached = (totalRelus: number): Column[] => [
  ["ReLUs kept", ({ reluCount }) => count(reluCount)],
  ["Share", ({ reluCount }) => budgetShare(reluCount, totalRelus)],
  ["Polynomial units", ({ polynomialUnits }) => (polynomialUnits === 0 ? "–" : count(polynomialUnits))],
  ["Width", ({ width }) => widthText(width)],
  ["MACs", ({ macs }) => compact(macs)],
  ["Test accuracy", (point) => percent(point.accuracy) + dagger(point)],
  ["± SE", ({ standardError }) => (standardError === null ? "–" : percent(standardError))],
  ["Validation accuracy", ({ validationAccuracy }) => percent(validationAccuracy)],
  ["Seeds", ({ seeds }) => seeds.join(", ")],
  ["Frontier", ({ onFrontier }) => (onFrontier ? "yes" : "no")],
];
