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
const minDragPixels = 8;

/** The region that a drag marks; null for a click. */
export function brushedRegion({ x1, y1, x2, y2 }: Rectangle, scales: Scales): Region | null {
  if (Math.abs(x2 - x1) < minDragPixels || Math.abs(y2 - y1) < minDragPixels) return null;
  return {
    x: [scales.x(Math.min(x1, x2)), scales.x(Math.max(x1, x2))],
    y: [scales.y(Math.max(y1, y2)), scales.y(Math.min(y1, y2))], // pixels grow downwards
  };
}

/** The nearest of the places within `reach` pixels; null when none is. */
export function nearest<T extends { x: number; y: number }>(
  candidates: T[],
  x: number,
  y: number,
  radius: number,
): T | null {
  let best: T | null = null;
  let nearestDistance = radius;
  for (const candidate of candidates) {
    const distance = Math.hypot(candidate.x - x, candidate.y - y);
    if (distance <= nearestDistance) [best, nearestDistance] = [candidate, distance];
  }
  return best;
}
