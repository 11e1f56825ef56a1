/** A point in a plot, and how large that is, in pixels. */
export interface Spot {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Place {
  left?: number;
  right?: number;
  top?: number;
  bottom?: number;
}

/** From here on each half has room for a card: 400 pixels, the longest lines broken once. */
const wide = 820;
const gap = 14;
/** How far a card reaches past the point that it stands beside: what may be asked of it is then at its height. */
const overlap = 20;

/**
 * Where the card of a point stands in its plot: on the side that has room, from the half of the height in which the point lies
 * towards the other. In a narrow plot it is as wide as that, and stands under the point or over it.
 */
export function beside({ x, y, width, height }: Spot): Place {
  const isHigh = y < height / 2;
  if (width < wide) return { left: 0, right: 0, ...(isHigh ? { top: y + gap } : { bottom: height - y + gap }) };
  return {
    ...(x < width / 2 ? { left: x + gap } : { right: width - x + gap }),
    ...(isHigh ? { top: Math.max(0, y - overlap) } : { bottom: Math.max(0, height - y - overlap) }),
  };
}
