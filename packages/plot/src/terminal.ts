import { styleText } from "node:util";
import { type Axis, position } from "./axis.ts";
import { withDot } from "./braille.ts";
import type { PlotDescription } from "./describe.ts";
import { inTurn } from "./in-turn.ts";

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
const publishedGlyph = "◇";

type Style = Parameters<typeof styleText>[0] | null;
interface Cell {
  text: string;
  style: Style;
}

/** Draws the plot with braille lines (2 × 4 dots a cell) and glyph points: exactly `height` lines of at most `width`. */
export function renderTerminal(
  plot: PlotDescription,
  { width = 80, height = 20, color = false }: TerminalOptions = {},
): string {
  const gutter = Math.max(...plot.y.ticks.map((tick) => tick.label.length)) + 4;
  const margin = Math.max(0, ...[plot.ar, plot.chance].map((level) => (level ? level.label.length + 1 : 0)));
  const columns = Math.max(10, width - gutter - margin);
  const rows = Math.max(3, height - 4);
  const canvas = new Canvas(columns, rows);
  drawLevels(canvas, plot);
  drawLine(canvas, plot);
  drawPublished(canvas, plot);
  drawPoints(canvas, plot);
  const paint = (cell: Cell): string =>
    color && cell.style ? styleText(cell.style, cell.text, { validateStream: false }) : cell.text;
  const labels = new Map(plot.y.ticks.map((tick) => [row(plot.y, tick.value, rows), tick.label]));
  const right = rightLabels(plot, rows);
  const body = canvas.cells.map((cells, y) => {
    const label = labels.get(y);
    const left = `${label ? `${label} %` : ""} `.padStart(gutter - 1);
    return `${paint({ text: `${left}${label ? "┤" : "│"}`, style: "dim" })}${cells.map(paint).join("")}${right.get(y) ? ` ${right.get(y)}` : ""}`;
  });
  const indent = " ".repeat(gutter - 1);
  return [
    legend(plot, paint, width),
    ...body,
    paint({ text: `${indent}└${axisLine(plot.x, columns)}`, style: "dim" }),
    paint({ text: `${indent} ${tickLabels(plot.x, columns)}`, style: "dim" }),
    paint({
      text: `${indent} ${plot.x.label.padStart(Math.floor((columns + plot.x.label.length) / 2))}`,
      style: "dim",
    }),
  ]
    .map((line) => line.trimEnd())
    .join("\n");
}

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
  const corners = line.map((corner) => ({ x: dotX(canvas, x, corner.reluCount), y: dotY(canvas, y, corner.accuracy) }));
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
    const style: Style = point.onFrontier ? inTurn(colors, hue) : "dim";
    const x = column(plot.x, point.reluCount, canvas.columns);
    const y = row(plot.y, point.accuracy, canvas.rows);
    const top = row(plot.y, point.accuracy + (point.standardError ?? 0), canvas.rows);
    const bottom = row(plot.y, point.accuracy - (point.standardError ?? 0), canvas.rows);
    for (let at = top; at <= bottom; at++) canvas.glyph(x, at, "│", style);
    canvas.glyph(x, y, point.onFrontier ? inTurn(glyphs, hue) : dominatedGlyph, style);
  }
}

/** Values of the levels at the right edge; the all-ReLU model's wins a shared line. */
function rightLabels({ ar, chance, y }: PlotDescription, rows: number): Map<number, string> {
  const labels = new Map<number, string>();
  for (const level of [chance, ar]) if (level) labels.set(row(y, level.accuracy, rows), level.label);
  return labels;
}

function legend(plot: PlotDescription, paint: (cell: Cell) => string, width: number): string {
  const entries: Cell[] = plot.methods.map((name, i) => ({
    text: `${inTurn(glyphs, i)} ${name}`,
    style: inTurn(colors, i),
  }));
  if (plot.points.some((point) => !point.onFrontier))
    entries.push({ text: `${dominatedGlyph} dominated`, style: "dim" });
  if (plot.published.length > 0) entries.push({ text: `${publishedGlyph} published`, style: "dim" });
  let line = paint({ text: plot.title.slice(0, width), style: "bold" });
  let used = Math.min(plot.title.length, width);
  for (const entry of entries) {
    if (used + 3 + entry.text.length > width) break;
    line += `   ${paint(entry)}`;
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
