/** Dots of the Unicode braille block, 2 × 4 to a cell: what lines and shades in a terminal are made of. */

/** Of the dots of a cell, row by row. */
const bits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
const empty = 0x2800;

/** A cell with the dot at these dot coordinates added; `before` is a space or a braille cell. */
export function withDot(before: string, dotX: number, dotY: number): string {
  const pattern = before === " " ? empty : before.charCodeAt(0);
  return String.fromCodePoint(pattern | (bits[(dotY & 3) * 2 + (dotX & 1)] as number));
}
