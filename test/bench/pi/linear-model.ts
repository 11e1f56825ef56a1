import { type Figure, isBesidePeer, isNotRun, type Row } from "../rows.ts";

const point = /^resnet18, (\d+) ReLUs, garbled, loopback, (\w+), online$/;

/** µs a ReLU of the line by which the literature computes its latencies. */
export const publishedSlope = 20.97;

/** Of ResNet-18's online times at one level, in one thread: start + slope × ReLUs, by least squares. */
export interface LinearModel {
  level: string;
  points: number;
  startMs: number;
  /** µs a ReLU. */
  slope: number;
}

/** At each level with points of three networks or more: through two any line goes. */
export function linearModels(rows: readonly Row[]): LinearModel[] {
  const points = rows.flatMap((row) => {
    const [, relus, level] = point.exec(row.case) ?? [];
    if (!relus || !level || isNotRun(row) || isBesidePeer(row)) return [];
    return [{ relus: Number(relus), level, ms: row.value }];
  });
  const levels = [...new Set(points.map(({ level }) => level))];
  return levels.flatMap((level) => {
    const chosen = points.filter((each) => each.level === level);
    return chosen.length < 3 ? [] : [{ level, points: chosen.length, ...leastSquares(chosen) }];
  });
}

function leastSquares(points: readonly { relus: number; ms: number }[]): Pick<LinearModel, "startMs" | "slope"> {
  const mean = (of: (each: (typeof points)[number]) => number) =>
    points.reduce((sum, each) => sum + of(each), 0) / points.length;
  const [relus, ms] = [mean((each) => each.relus), mean((each) => each.ms)];
  const msARelu =
    mean((each) => (each.relus - relus) * (each.ms - ms)) / mean((each) => (each.relus - relus) * (each.relus - relus));
  return { startMs: ms - msARelu * relus, slope: 1000 * msARelu };
}

export const linearModelFigures = (rows: readonly Row[]): Figure[] =>
  linearModels(rows).flatMap(({ level, points, startMs, slope }) => {
    const name = `ResNet-18 online, ${level}, a line through ${points} points`;
    return [
      { case: `${name}: its start`, value: startMs, unit: "ms" },
      { case: `${name}: its slope (the literature's, computed: ${publishedSlope})`, value: slope, unit: "µs a ReLU" },
    ];
  });
