/**
 * The ring Z_2^64 and fixed-point numbers in it: x stands for x·2^fractionBits, rounded. A ring element is stored as its
 * signed representative, and a vector of them as a BigInt64Array: its stores wrap, and V8 compiles element-wise loops over
 * it to 64-bit instructions (0.55 ns an addition; pairs of 32-bit words take 5.2 ns).
 */
export type RingVector = BigInt64Array;

/**
 * Fraction bits of activations. With 12 of them a ring of 32 or 37 bits fails in 0.6 % of truncations, one of 64 bits in 2^-28
 * or less (see `truncateClientShare`).
 */
export const fractionBits = 12;

/**
 * Fraction bits of weights, so that a product has 27 until it is truncated. Their rounding makes most of what logits are off by:
 * 7·10^-4 of a ResNet-20's (root mean square), 7·10^-3 with 12 bits. One more would halve what a value may reach before it is
 * truncated, 512 (`calibrate`).
 */
export const weightBits = 15;

/** Fixed-point vector of real numbers, each rounded to the nearest multiple of 2^-bits. Throws where one is not finite or beyond 2^52. */
export function encode(values: ArrayLike<number>, bits: number = fractionBits): RingVector {
  const out = new BigInt64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const scaled = Math.round((values[i] as number) * 2 ** bits);
    if (!(Math.abs(scaled) <= 2 ** 52)) {
      throw new RangeError(`value ${i} is ${values[i]}: it must be finite and below 2^${52 - bits} in magnitude`);
    }
    out[i] = BigInt(scaled);
  }
  return out;
}

/** The real numbers that a fixed-point vector stands for. */
export const decode = (vector: RingVector, bits: number = fractionBits): Float64Array =>
  Float64Array.from(vector, (value) => Number(value) / 2 ** bits);

/** a + b, element by element. */
export function add(a: RingVector, b: RingVector): RingVector {
  requireEqualLengths(a, b);
  const out = new BigInt64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as bigint) + (b[i] as bigint);
  return out;
}

/** a − b, element by element. */
export function subtract(a: RingVector, b: RingVector): RingVector {
  requireEqualLengths(a, b);
  const out = new BigInt64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as bigint) - (b[i] as bigint);
  return out;
}

/** ⌊a / 2^bits⌋, element by element. On pairs of words: V8 shifts a BigInt in memory of its own, which takes ten times as long. */
export function shiftRight(a: RingVector, bits: number): RingVector {
  const words = new Int32Array(a.buffer, a.byteOffset, 2 * a.length);
  const out = new Int32Array(words.length);
  const part = bits & 31;
  for (let i = 0; i < out.length; i += 2) {
    const top = words[i + 1] as number;
    const low = bits < 32 ? (words[i] as number) : top;
    const high = bits < 32 ? top : top >> 31;
    out[i] = (low >>> part) | ((high << 1) << (31 - part)); // in two steps, for 32 places would be none
    out[i + 1] = high >> part;
  }
  return new BigInt64Array(out.buffer);
}

/** −a, element by element. */
export function negate(a: RingVector): RingVector {
  const out = new BigInt64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = -(a[i] as bigint);
  return out;
}

/** The elements of the first, then those of the next. */
export function concatenated(...parts: readonly RingVector[]): RingVector {
  const out = new BigInt64Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The vector's bytes, little-endian, as they are sent; no copy. */
export const bytesOf = (vector: RingVector): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

/** The vector in bytes that `bytesOf` gave; no copy. Their offset must be a multiple of 8, as that of a received message is. */
export const vectorOf = (bytes: Uint8Array): RingVector =>
  new BigInt64Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 8);

function requireEqualLengths(a: RingVector, b: RingVector): void {
  if (a.length !== b.length) throw new RangeError(`vectors of ${a.length} and ${b.length} elements have no sum`);
}
