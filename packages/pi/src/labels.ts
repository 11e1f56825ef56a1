import { randomWords } from "./random.ts";

/**
 * Wire labels, one after another: four 32-bit words each. Bit 0 of a label's first word is its color (point-and-permute:
 * Beaver, Micali & Rogaway, STOC 1990), which says which row of a table it opens and nothing of the wire's value.
 */
export type Labels = Int32Array;

/** Words of a label. */
export const labelWords = 4;
/** Bytes of a label. */
export const labelBytes = 16;

/**
 * The garbler's secret difference: a wire's label for 1 is its label for 0 ⊕ Δ (free-XOR: Kolesnikov & Schneider, ICALP
 * 2008). Its color bit is 1, so that a wire's two labels differ in color. Whoever sees both labels of one wire has Δ and
 * with it every value, so each inference has its own, and no label is given out twice.
 */
export type Delta = Int32Array;

export function randomDelta(): Delta {
  const delta = randomWords(labelWords);
  delta[0] = (delta[0] as number) | 1;
  return delta;
}

/**
 * Turns labels for 0 into those of the bits of a vector's elements: zero ⊕ bit·Δ, in place, without a branch on the bit.
 * `labels` holds `bits` wires of one label an element, wire by wire, the lowest bit first.
 */
export function takeBits(labels: Labels, values: BigInt64Array, bits: number, delta: Delta): void {
  const [d0, d1, d2, d3] = delta as unknown as [number, number, number, number];
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  for (let wire = 0, at = 0; wire < bits; wire++) {
    for (let unit = 0; unit < values.length; unit++, at += labelWords) {
      const chosen = -(((words[2 * unit + (wire >> 5)] as number) >>> (wire & 31)) & 1);
      labels[at] = (labels[at] as number) ^ (chosen & d0);
      labels[at + 1] = (labels[at + 1] as number) ^ (chosen & d1);
      labels[at + 2] = (labels[at + 2] as number) ^ (chosen & d2);
      labels[at + 3] = (labels[at + 3] as number) ^ (chosen & d3);
    }
  }
}

/** The same, which leaves the labels for 0 as they are. */
export function labelsOfBits(zeros: Labels, values: BigInt64Array, bits: number, delta: Delta): Labels {
  const labels = zeros.slice();
  takeBits(labels, values, bits, delta);
  return labels;
}
