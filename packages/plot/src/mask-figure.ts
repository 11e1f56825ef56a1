import { fullVariant, type MaskMap, type MaskMaps, type ParamsOf, type ResultOf } from "@reluctant/contracts";
import { budgetShare, count, percent } from "./numbers.ts";

/** Heat maps of a network's masks as plain data: every renderer draws this and decides nothing but pixels. */
export interface MaskFigure {
  title: string;
  sentence: string;
  /** One for each ReLU layer, in the network's order. */
  panels: MaskPanel[];
  /** The same content for screen readers and copying. */
  table: { columns: string[]; rows: string[][] };
}

/** Shares on a grid. */
export interface HeatMap {
  /** Rows and columns. */
  height: number;
  width: number;
  /** In [0, 1], row by row. */
  shares: number[];
  /** Where a drawing is darkest. */
  max: number;
}

/** One layer: which share of its channels keeps the ReLU at each place, up to the largest: on a scale up to 1 a small budget would be invisible. */
export interface MaskPanel extends HeatMap {
  layer: string;
  /** [height, width, channels] of the layer. */
  shape: MaskMap["shape"];
  /** ReLU units of the layer, and those kept. */
  size: number;
  kept: number;
  /** Of the units kept before the last update, the share that it kept too; null where there was none. */
  stayed: number | null;
}

type Search = ResultOf<"mask-search">;
export type MaskUpdate = Search["history"][number];

/** The updates that led to the masks of a variant, oldest first: a descent goes on after each of its budgets. */
export function maskUpdates(
  { history, variants }: Search,
  { settings }: ParamsOf<"mask-search">,
  variant: string,
): MaskUpdate[] {
  const passed = variant === fullVariant ? undefined : variants?.[variant];
  return passed ? history.filter(({ step }) => step * settings.batchSize < passed.images) : history;
}

/** Larger maps are averaged down to at most this many rows and columns: of 112 × 112 places nobody sees each. */
const maxGridSide = 56;

/** @param updates what led to these masks, where that is known */
export function maskFigure(
  maps: MaskMaps,
  { title, updates = [] }: { title: string; updates?: readonly MaskUpdate[] },
): MaskFigure {
  const last = updates.at(-1);
  const panels = maps.layers.map((map, layer) => panelOf(map, last?.overlap[layer] ?? null));
  const total = panels.reduce((sum, { size }) => sum + size, 0);
  const kept = `${count(maps.reluCount)} of ${count(total)} ReLUs kept (${budgetShare(maps.reluCount, total)})`;
  const when = updates.length === 1 ? "the only update" : `the last of ${count(updates.length)} updates`;
  const exchanged = last && `; ${percent(last.distance, 1)} exchanged at ${when}`;
  return {
    title,
    sentence: `${kept}${exchanged ?? ""}.`,
    panels,
    table: {
      columns: ["Layer", "Shape", "Kept", "Size", "Share", "Stayed"],
      rows: panels.map(({ layer, shape, kept, size, stayed }) => [
        layer,
        shape.join("×"),
        count(kept),
        count(size),
        budgetShare(kept, size),
        stayed === null ? "–" : percent(stayed, 1),
      ]),
    },
  };
}

function panelOf({ layer, shape, kept, channelsKept }: MaskMap, stayed: number | null): MaskPanel {
  const [height, width, channels] = shape;
  const whole = { height, width, values: channelsKept.map((n) => n / channels) };
  const pooled = pool(whole, Math.ceil(Math.max(height, width) / maxGridSide));
  return {
    layer,
    shape,
    size: height * width * channels,
    kept,
    stayed,
    height: pooled.height,
    width: pooled.width,
    shares: pooled.values,
    max: Math.max(...pooled.values),
  };
}

/** The share of a layer that is kept, then, where it may differ from place to place, how much that is at `most`. */
export function shareText({ kept, size }: MaskPanel, most: string): string {
  if (kept === 0) return "none";
  return kept === size ? "all" : `${budgetShare(kept, size)}, ${most}`;
}

interface Grid {
  height: number;
  width: number;
  values: number[];
}

/** Means of squares of `side` places; those at the right and lower edge may be cut. */
function pool({ height, width, values }: Grid, side: number): Grid {
  if (side === 1) return { height, width, values };
  const [rows, columns] = [Math.ceil(height / side), Math.ceil(width / side)];
  const squares = Array.from({ length: rows * columns }, () => ({ sum: 0, places: 0 }));
  values.forEach((value, place) => {
    const at = Math.floor(Math.floor(place / width) / side) * columns + Math.floor((place % width) / side);
    const square = squares[at] as { sum: number; places: number };
    square.sum += value;
    square.places += 1;
  });
  return { height: rows, width: columns, values: squares.map(({ sum, places }) => sum / places) };
}

/** Shades that a map is drawn in, from lightest to darkest; where nothing is kept there is none. */
export const shades = 8;

export interface Shade {
  /** In (0, 1]. */
  opacity: number;
  /** SVG path data: a place is a square of side 1. */
  path: string;
}

/** A map as one path for each shade: places of a row that have the same one are drawn as one rectangle. */
export function shadePaths({ width, shares, max }: HeatMap): Shade[] {
  const paths = new Array<string>(shades + 1).fill("");
  const shadeAt = shares.map((share) => (max > 0 ? Math.ceil((shades * share) / max - 1e-9) : 0));
  for (let place = 0; place < shares.length; ) {
    const shade = shadeAt[place] as number;
    const [x, y] = [place % width, Math.floor(place / width)];
    let run = 1;
    while (x + run < width && shadeAt[place + run] === shade) run++;
    paths[shade] += `M${x} ${y}h${run}v1h-${run}z`;
    place += run;
  }
  return paths.flatMap((path, shade) => (shade > 0 && path ? [{ opacity: shade / shades, path }] : []));
}
