import type { Stroke } from "./glyph-shapes.ts";

/** Maps the unit square to pixels: x' = a·x + b·y + c, y' = d·x + e·y + f. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/**
 * Blends a stroke of the given width (pixels) over an image in place, anti-aliased by the distance of each pixel's
 * center to the line.
 * @param imageHWC size·size·3 values, not yet clipped to 0…255
 */
export function drawStroke(
  imageHWC: Float32Array,
  size: number,
  stroke: Stroke,
  affine: Affine,
  width: number,
  color: readonly number[],
): void {
  const points = stroke.map(([x, y]) => transform(affine, x, y));
  const reach = width / 2 + 0.5;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const inside = (value: number) => Math.min(size - 1, Math.max(0, value));
  for (let y = inside(Math.floor(Math.min(...ys) - reach)); y <= inside(Math.ceil(Math.max(...ys) + reach)); y++) {
    for (let x = inside(Math.floor(Math.min(...xs) - reach)); x <= inside(Math.ceil(Math.max(...xs) + reach)); x++) {
      const coverage = Math.min(1, reach - distanceToLine(x + 0.5, y + 0.5, points));
      if (coverage > 0) blend(imageHWC, (y * size + x) * 3, color, coverage);
    }
  }
}

const transform = ([a, b, c, d, e, f]: Affine, x: number, y: number): [number, number] => [
  a * x + b * y + c,
  d * x + e * y + f,
];

function blend(image: Float32Array, at: number, color: readonly number[], coverage: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const under = image[at + channel] as number;
    image[at + channel] = under + coverage * ((color[channel] as number) - under);
  }
}

function distanceToLine(x: number, y: number, points: readonly (readonly [number, number])[]): number {
  let least = Infinity;
  for (let i = 1; i < points.length; i++) {
    least = Math.min(
      least,
      squaredDistance(x, y, points[i - 1] as readonly [number, number], points[i] as readonly [number, number]),
    );
  }
  return Math.sqrt(least);
}

function squaredDistance(x: number, y: number, from: readonly [number, number], to: readonly [number, number]): number {
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const along = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return (x - from[0] - t * dx) ** 2 + (y - from[1] - t * dy) ** 2;
}
