/** A stroke: a polyline through points of the unit square, x to the right, y down. */
export type Stroke = readonly (readonly [x: number, y: number])[];

/** Points on an ellipse, from one angle to another in degrees; 0 is to the right, 90 down. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): Stroke {
  const pieces = Math.ceil(Math.abs(to - from) / 30);
  return Array.from({ length: pieces + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / pieces) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)] as const;
  });
}

/** Ten characters, some near each other (2 Z, 5 S, 8 B), so that coarse features do not suffice. */
// biome-ignore format: a stroke a line
export const glyphShapes: Readonly<Record<string, readonly Stroke[]>> = {
  "2": [[...arc(0.5, 0.28, 0.34, 0.26, -170, 30), [0.14, 0.96], [0.88, 0.96]]],
  "4": [[[0.7, 0.96], [0.7, 0.04], [0.12, 0.66], [0.92, 0.66]]],
  "5": [[[0.84, 0.04], [0.26, 0.04], [0.2, 0.46], ...arc(0.48, 0.67, 0.35, 0.29, -110, 150)]],
  "8": [
    arc(0.5, 0.26, 0.27, 0.22, 0, 360),
    arc(0.5, 0.72, 0.34, 0.25, 0, 360),
  ],
  A: [
    [[0.1, 0.96], [0.5, 0.04], [0.9, 0.96]],
    [[0.26, 0.62], [0.74, 0.62]],
  ],
  B: [
    [[0.2, 0.04], [0.2, 0.96]],
    [[0.2, 0.04], ...arc(0.55, 0.26, 0.25, 0.22, -90, 90), [0.2, 0.48]],
    [[0.2, 0.48], ...arc(0.58, 0.72, 0.28, 0.24, -90, 90), [0.2, 0.96]],
  ],
  H: [
    [[0.16, 0.04], [0.16, 0.96]],
    [[0.84, 0.04], [0.84, 0.96]],
    [[0.16, 0.5], [0.84, 0.5]],
  ],
  K: [
    [[0.2, 0.04], [0.2, 0.96]],
    [[0.84, 0.04], [0.2, 0.56]],
    [[0.42, 0.4], [0.88, 0.96]],
  ],
  S: [[...arc(0.5, 0.27, 0.33, 0.23, -30, -270), ...arc(0.5, 0.73, 0.33, 0.23, -90, 150)]],
  Z: [[[0.14, 0.04], [0.86, 0.04], [0.14, 0.96], [0.86, 0.96]]],
};
