import { styleText } from "node:util";
import { type Axis, position } from "./axis.ts";
import { withDot } from "./braille.ts";
import { cyclic } from "./cyclic.ts";
import type { PlotDescription } from "./describe.ts";

export { renderMasks } from "./mask-terminal.ts";

export interface TerminalOptions {
  /** Columns and lines of the result, axes and legend included. */
  width?: number;
  height?: number;
  /** Colors only where the reader is a terminal that wants them; glyphs tell methods apart without. */
  color?: boolean;
}

/** One glyph and color per method, in legend order. */
const glyphs = ["●", "▲", "■", "◆", "★", "✚"];
const colors = ["blueBright", "yellowBright", "greenBright", "magentaBright", "cyanBright", "redBright"] as const;
const dominatedGlyph = "∘";
/** On a cost's axis, of a point whose measurements were all disturbed. */
const disturbedGlyph = "○";
const publishedGlyph = "◇";

type Style = Extract<Parameters<typeof styleText>[0], string> | null;
/** A piece of a line in one style. */
export interface Cell {
  text: string;
  style: Style;
}

/** The drawing as one text. */
export function renderTerminal(plot: PlotDescription, { color = false, ...size }: TerminalOptions = {}): string {
  const paint = ({ text, style }: Cell): string =>
    color && style ? styleText(style, text, { validateStream: false }) : text;
  return terminalLines(plot, size)
    .map((cells) => cells.map(paint).join("").trimEnd())
    .join("\n");
}

/**
 * Draws the plot with braille lines (2 × 4 dots a cell) and glyph points: exactly `height` lines of at most `width`, as
 * cells, for readers that put colors on them themselves.
 */
export function terminalLines(
  plot: PlotDescription,
  { width = 80, height = 20 }: Omit<TerminalOptions, "color"> = {},
): Cell[][] {
  const gutter = Math.max(...plot.y.ticks.map((tick) => tick.label.length)) + 4;
  const margin = Math.max(0, ...[plot.ar, plot.chance].map((level) => (level ? level.label.length + 1 : 0)));
  const columns = Math.max(10, width - gutter - margin);
  const rows = Math.max(3, height - 4);
  const canvas = new Canvas(columns, rows);
  drawLevels(canvas, plot);
  drawLine(canvas, plot);
  drawPublished(canvas, plot);
  drawPoints(canvas, plot);
  const labels = new Map(plot.y.ticks.map((tick) => [row(plot.y, tick.value, rows), tick.label]));
  const right = rightLabels(plot, rows);
  const body = canvas.cells.map((cells, y) => {
    const label = labels.get(y);
    const left = `${label ? `${label} %` : ""} `.padStart(gutter - 1);
    const level = right.get(y);
    const drawn = level ? [...cells, { text: ` ${level}`, style: null }] : cells.slice(0, lengthOf(cells));
    return [dim(`${left}${label ? "┤" : "│"}`), ...drawn];
  });
  const indent = " ".repeat(gutter - 1);
  return [
    legend(plot, width),
    ...body,
    [dim(`${indent}└${axisLine(plot.x, columns)}`)],
    [dim(`${indent} ${tickLabels(plot.x, columns)}`)],
    [dim(`${indent} ${plot.x.label.padStart(Math.floor((columns + plot.x.label.length) / 2))}`)],
  ];
}

/** Up to the last cell that something is drawn in. */
const lengthOf = (cells: readonly Cell[]): number => cells.findLastIndex(({ text }) => text !== " ") + 1;

const dim = (text: string): Cell => ({ text, style: "dim" });

const column = (axis: Axis, value: number, columns: number): number =>
  Math.round(position(axis, value) * (columns - 1));
const row = (axis: Axis, value: number, rows: number): number => Math.round((1 - position(axis, value)) * (rows - 1));

/** The plot's area as cells: lines are dots of the braille block, 2 × 4 to a cell; glyphs are put over them afterwards. */
class Canvas {
  readonly cells: Cell[][];
  readonly columns: number;
  readonly rows: number;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.cells = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => ({ text: " ", style: null as Style })),
    );
  }

  /** Adds a dot, counted from the top left in dots. Draw lines before glyphs. */
  dot(dotX: number, dotY: number, style: Style): void {
    const cell = this.cells[dotY >> 2]?.[dotX >> 1];
    if (!cell) return;
    cell.text = withDot(cell.text, dotX, dotY);
    cell.style = style;
  }

  glyph(x: number, y: number, text: string, style: Style): void {
    if (this.cells[y]?.[x]) this.cells[y][x] = { text, style };
  }
}

/** Dot coordinates of a value, so that the line runs through the middle of the cell that holds the point's glyph. */
const dotX = (canvas: Canvas, axis: Axis, value: number): number => column(axis, value, canvas.columns) * 2;
const dotY = (canvas: Canvas, axis: Axis, value: number): number => row(axis, value, canvas.rows) * 4 + 1;

function drawLevels(canvas: Canvas, { ar, chance, y }: PlotDescription): void {
  for (const [level, period, on] of [
    [ar, 6, 4],
    [chance, 4, 1],
  ] as const) {
    if (!level) continue;
    for (let x = 0; x < canvas.columns * 2; x++)
      if (x % period < on) canvas.dot(x, dotY(canvas, y, level.accuracy), "dim");
  }
}

function drawLine(canvas: Canvas, { line, x, y }: PlotDescription): void {
  const corners = line.map((corner) => ({ x: dotX(canvas, x, corner.cost), y: dotY(canvas, y, corner.accuracy) }));
  for (const [i, to] of corners.entries()) {
    const from = corners[i - 1] ?? to;
    for (let at = Math.min(from.x, to.x); at <= Math.max(from.x, to.x); at++) canvas.dot(at, to.y, null);
    for (let at = Math.min(from.y, to.y); at <= Math.max(from.y, to.y); at++) canvas.dot(to.x, at, null);
  }
}

function drawPublished(canvas: Canvas, { published, x, y }: PlotDescription): void {
  for (const { reluCount, accuracy } of published.flatMap(({ points }) => points))
    canvas.glyph(column(x, reluCount, canvas.columns), row(y, accuracy, canvas.rows), publishedGlyph, "dim");
}

/** Dominated first, so that a frontier point in the same cell wins. Whiskers where they reach beyond the point's cell. */
function drawPoints(canvas: Canvas, plot: PlotDescription): void {
  const inOrder = [...plot.points].sort((a, b) => Number(a.onFrontier) - Number(b.onFrontier));
  for (const point of inOrder) {
    const hue = plot.methods.indexOf(point.method);
    const style: Style = point.onFrontier ? cyclic(colors, hue) : "dim";
    const { value, least, most, disturbed } = point.cost;
    const x = column(plot.x, value, canvas.columns);
    const y = row(plot.y, point.accuracy, canvas.rows);
    const top = row(plot.y, point.accuracy + (point.standardError ?? 0), canvas.rows);
    const bottom = row(plot.y, point.accuracy - (point.standardError ?? 0), canvas.rows);
    for (let at = top; at <= bottom; at++) canvas.glyph(x, at, "│", style);
    const [left, right] = [least, most].map((cost) => column(plot.x, cost, canvas.columns)) as [number, number];
    for (let at = left; at <= right; at++) if (least < most) canvas.glyph(at, y, "─", style);
    const glyph = disturbed ? disturbedGlyph : cyclic(glyphs, hue);
    canvas.glyph(x, y, point.onFrontier ? glyph : dominatedGlyph, style);
  }
}

/** Values of the levels at the right edge; the all-ReLU model's wins a shared line. */
function rightLabels({ ar, chance, y }: PlotDescription, rows: number): Map<number, string> {
  const labels = new Map<number, string>();
  for (const level of [chance, ar]) if (level) labels.set(row(y, level.accuracy, rows), level.label);
  return labels;
}

function legend(plot: PlotDescription, width: number): Cell[] {
  const entries: Cell[] = plot.methods.map((name, i) => ({
    text: `${cyclic(glyphs, i)} ${name}`,
    style: cyclic(colors, i),
  }));
  if (plot.points.some((point) => !point.onFrontier))
    entries.push({ text: `${dominatedGlyph} dominated`, style: "dim" });
  if (plot.points.some(({ cost, onFrontier }) => cost.disturbed && onFrontier))
    entries.push({ text: `${disturbedGlyph} disturbed`, style: "dim" });
  if (plot.published.length > 0) entries.push({ text: `${publishedGlyph} published`, style: "dim" });
  const line: Cell[] = [{ text: plot.title.slice(0, width), style: "bold" }];
  let used = Math.min(plot.title.length, width);
  for (const entry of entries) {
    if (used + 3 + entry.text.length > width) break;
    line.push({ text: "   ", style: null }, entry);
    used += 3 + entry.text.length;
  }
  return line;
}

function axisLine(axis: Axis, columns: number): string {
  const marks = new Set(axis.ticks.map((tick) => column(axis, tick.value, columns)));
  return Array.from({ length: columns }, (_, x) => (marks.has(x) ? "┬" : "─")).join("");
}

/** Labels centered under their ticks; one that would touch its neighbor is left out. */
function tickLabels(axis: Axis, columns: number): string {
  let text = "";
  for (const { value, label } of axis.ticks) {
    const start = Math.max(0, column(axis, value, columns) - Math.floor(label.length / 2));
    if (start + label.length > columns || (text && start <= text.length)) continue;
    text = text.padEnd(start) + label;
  }
  return text;
}
