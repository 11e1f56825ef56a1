import { permutation, streams } from "./random.ts";

/** A layer's mask: one byte a unit in (h, w, c) order; 1 keeps the ReLU, 0 makes the unit the identity. */
export type Mask = Uint8Array;

/** Ones at the `count` largest scores; among equal scores the lower unit index wins. Scores must not be NaN. */
export function topUnits(scores: Float32Array, count: number): Mask {
  requireCount(count, scores.length);
  const mask = new Uint8Array(scores.length);
  if (count === 0) return mask;
  const threshold = Float32Array.from(scores).sort()[scores.length - count] as number;
  let ties = count;
  for (const score of scores) if (score > threshold) ties--;
  scores.forEach((score, unit) => {
    if (score > threshold || (score === threshold && ties-- > 0)) mask[unit] = 1;
  });
  return mask;
}

/** `count` ones drawn at random over all units of ReLU layer number `layer` (PAPER §4's start). */
export function randomMask(units: number, count: number, key: { seed: number; layer: number }): Mask {
  requireCount(count, units);
  const mask = new Uint8Array(units);
  const order = permutation(units, { seed: key.seed, stream: streams.mask, epoch: key.layer });
  for (let i = 0; i < count; i++) mask[order[i] as number] = 1;
  return mask;
}

export const onesOf = (mask: Mask): number => mask.reduce((ones, bit) => ones + bit, 0);

/** Kept units of `before` that `after` keeps too. */
export const overlapOf = (before: Mask, after: Mask): number =>
  before.reduce((shared, bit, unit) => shared + (bit & (after[unit] as number)), 0);

/**
 * Distance of two mask sets of equal counts in [0, 1]: units exchanged / Σ r_l (PAPER §4; not divided by layer size,
 * where a 3 % budget could never exceed 0.06).
 */
export function maskDistance(before: readonly Mask[], after: readonly Mask[]): number {
  const kept = before.reduce((total, mask) => total + onesOf(mask), 0);
  const stayed = before.reduce((total, mask, layer) => total + overlapOf(mask, after[layer] as Mask), 0);
  return kept === 0 ? 0 : (kept - stayed) / kept;
}

/** Eight units a byte, first unit in the lowest bit. */
export function packBits(mask: Mask): Uint8Array {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  mask.forEach((bit, unit) => {
    if (bit) packed[unit >> 3] = (packed[unit >> 3] as number) | (1 << (unit & 7));
  });
  return packed;
}

/** @throws RangeError when `packed` is not exactly the bytes of `units` bits, or bits beyond the last unit are set. */
export function unpackBits(packed: Uint8Array, units: number): Mask {
  if (packed.length !== Math.ceil(units / 8)) {
    throw new RangeError(`${packed.length} bytes cannot hold the mask of ${units} units`);
  }
  const unused = packed.length * 8 - units;
  if (unused > 0 && (packed[packed.length - 1] as number) >> (8 - unused) !== 0) {
    throw new RangeError(`mask has ones beyond its last unit ${units - 1}`);
  }
  return Uint8Array.from({ length: units }, (_, unit) => ((packed[unit >> 3] as number) >> (unit & 7)) & 1);
}

function requireCount(count: number, units: number): void {
  if (!Number.isInteger(count) || count < 0 || count > units) {
    throw new RangeError(`a layer of ${units} units cannot keep ${count}`);
  }
}
