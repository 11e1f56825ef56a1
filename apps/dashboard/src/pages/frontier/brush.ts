import type { Region } from "@reluctant/plot";

/** A rectangle in the drawing's pixels, as two opposite corners in any order. */
export interface Rectangle {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** Turn a pixel into a value. */
export interface Scales {
  x: (pixel: number) => number;
  y: (pixel: number) => number;
}

/** Shorter drags are clicks. */
const leastDrag = 8;

/** The region that a drag marks; null for a click. */
export function brushedRegion({ x1, y1, x2, y2 }: Rectangle, scales: Scales): Region | null {
  if (Math.abs(x2 - x1) < leastDrag || Math.abs(y2 - y1) < leastDrag) return null;
  return {
    x: [scales.x(Math.min(x1, x2)), scales.x(Math.max(x1, x2))],
    y: [scales.y(Math.max(y1, y2)), scales.y(Math.min(y1, y2))], // pixels grow downwards
  };
}

/** The nearest of the places within `reach` pixels; null when none is. */
export function nearest<T extends { x: number; y: number }>(
  places: T[],
  x: number,
  y: number,
  reach: number,
): T | null {
  let best: T | null = null;
  let least = reach;
  for (const place of places) {
    const distance = Math.hypot(place.x - x, place.y - y);
    if (distance <= least) [best, least] = [place, distance];
  }
  return best;
}
