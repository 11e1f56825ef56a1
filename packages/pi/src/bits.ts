import type { RingVector } from "./ring.ts";

/**
 * Bits of ring elements turned on their side: slice j holds bit j of every element, 32 elements a word. Oblivious transfer
 * chooses by slices, and colors of output wires come as slices.
 */
export interface BitSlices {
  /** Slices one after another, `stride` words each. */
  words: Int32Array;
  stride: number;
}

/** Words of a slice over so many elements; what is left of the last word is 0. */
export const sliceStride = (elements: number): number => Math.ceil(elements / 32);

/** The lowest `bits` bits of each element as slices. */
export function sliceBits(vector: RingVector, bits: number): BitSlices {
  const stride = sliceStride(vector.length);
  const source = new Int32Array(vector.buffer, vector.byteOffset, 2 * vector.length);
  const words = new Int32Array(bits * stride);
  const block = new Int32Array(32);
  for (let word = 0; 32 * word < bits; word++) {
    const slices = Math.min(32, bits - 32 * word);
    for (let group = 0; group < stride; group++) {
      const elements = Math.min(32, vector.length - 32 * group);
      block.fill(0);
      for (let i = 0; i < elements; i++) block[i] = source[2 * (32 * group + i) + word] as number;
      transpose32(block);
      for (let i = 0; i < slices; i++) words[(32 * word + i) * stride + group] = block[i] as number;
    }
  }
  return { words, stride };
}

/** The elements whose 64 slices these are. */
export function unsliceBits({ words, stride }: BitSlices, elements: number): RingVector {
  const vector = new BigInt64Array(elements);
  const target = new Int32Array(vector.buffer);
  const block = new Int32Array(32);
  for (let word = 0; word < 2; word++) {
    for (let group = 0; group < stride; group++) {
      for (let i = 0; i < 32; i++) block[i] = words[(32 * word + i) * stride + group] as number;
      transpose32(block);
      const held = Math.min(32, elements - 32 * group);
      for (let i = 0; i < held; i++) target[2 * (32 * group + i) + word] = block[i] as number;
    }
  }
  return vector;
}

/**
 * 128 columns of bits to rows of four words (one label a row): bit j of row i is bit i of column j. Columns lie one after
 * another, rows/32 words each; `rows` is a multiple of 32. The oracle of `transposeColumnsFast`.
 */
export function transposeColumns(columns: Int32Array, rows: number): Int32Array {
  const stride = rows / 32;
  const out = new Int32Array(4 * rows);
  const block = new Int32Array(32);
  for (let word = 0; word < 4; word++) {
    for (let group = 0; group < stride; group++) {
      for (let i = 0; i < 32; i++) block[i] = columns[(32 * word + i) * stride + group] as number;
      transpose32(block);
      for (let i = 0; i < 32; i++) out[4 * (32 * group + i) + word] = block[i] as number;
    }
  }
  return out;
}

/** Transposes a 32 × 32 bit matrix in place: bit j of word i changes places with bit i of word j (Warren, Hacker's Delight, §7-3). */
function transpose32(block: Int32Array): void {
  let mask = 0x0000ffff;
  for (let width = 16; width > 0; width >>= 1, mask ^= mask << width) {
    for (let k = 0; k < 32; k = (k + width + 1) & ~width) {
      const swapped = (((block[k] as number) >>> width) ^ (block[k + width] as number)) & mask;
      block[k + width] = (block[k + width] as number) ^ swapped;
      block[k] = (block[k] as number) ^ (swapped << width);
    }
  }
}
