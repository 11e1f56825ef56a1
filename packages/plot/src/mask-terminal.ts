import { withDot } from "./braille.ts";
import { type MaskFigure, type MaskPanel, shareText } from "./mask-figure.ts";
import { percent } from "./numbers.ts";

/** Cells of a map: 32 × 32 dots, so that a place of most networks is a dot or a square of them. */
const columns = 16;
const rows = 8;
const gap = 2;

/** The maps as braille, several beside each other: more dots where more channels keep their ReLU. At most `width` wide. */
export function renderMasks({ panels }: MaskFigure, { width = 80 }: { width?: number } = {}): string {
  const beside = Math.max(1, Math.floor((width + gap) / (columns + gap)));
  const blocks = panels.map(blockOf);
  const lines: string[] = [];
  for (let first = 0; first < blocks.length; first += beside) {
    const row = blocks.slice(first, first + beside).reduce(joined);
    lines.push(...row.map((line) => line.trimEnd()), "");
  }
  return lines.join("\n");
}

/** Two blocks beside each other; all have as many lines. */
const joined = (left: string[], right: string[]): string[] =>
  left.map((line, i) => `${line}${" ".repeat(gap)}${right[i]}`);

function blockOf(panel: MaskPanel): string[] {
  const { layer, max } = panel;
  const name = layer.length > columns ? `…${layer.slice(1 - columns)}` : layer;
  const lines = [name, ...dots(panel), shareText(panel, `to ${percent(max, 0)}`)];
  return lines.map((line) => line.padEnd(columns));
}

/** Thresholds of an ordered dither: a share of n/16 of the most lights n dots of every 4 × 4. */
const bayer = [
  [0, 8, 2, 10],
  [12, 4, 14, 6],
  [3, 11, 1, 9],
  [15, 7, 13, 5],
];

function dots(panel: MaskPanel): string[] {
  const { height, width, max } = panel;
  const scale = Math.max(height, width);
  const lines = Array.from({ length: rows }, () => new Array<string>(columns).fill(" "));
  for (let y = 0; y < rows * 4; y++) {
    const line = lines[y >> 2] as string[];
    const thresholds = bayer[y & 3] as number[];
    for (let x = 0; x < columns * 2; x++) {
      const share = shareUnder(panel, (x * scale) / (columns * 2), (y * scale) / (rows * 4), scale / (columns * 2));
      const threshold = ((thresholds[x & 3] as number) + 0.5) / 16;
      if (max > 0 && share / max > threshold) line[x >> 1] = withDot(line[x >> 1] as string, x, y);
    }
  }
  return lines.map((cells) => cells.join(""));
}

/** Mean of the places that a dot of side `extent` covers; 0 outside the map. */
function shareUnder({ height, width, shares }: MaskPanel, left: number, top: number, extent: number): number {
  const last = (start: number) => Math.max(Math.floor(start), Math.ceil(start + extent) - 1);
  let sum = 0;
  let places = 0;
  for (let y = Math.floor(top); y <= last(top); y++) {
    for (let x = Math.floor(left); x <= last(left); x++) {
      if (y < height && x < width) sum += shares[y * width + x] as number;
      places += 1;
    }
  }
  return sum / places;
}
