/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * A number is a pure function of (seed, stream, epoch, index), so data order, augmentation, initial weights and masks
 * need no state in a checkpoint and come out the same wherever a resumed attempt continues.
 */
export interface RandomKey {
  seed: number;
  /** What the number is for: see `streams`. */
  stream: number;
  epoch?: number;
  index: number;
}

/** One stream for each use, so that no two uses ever share numbers. */
export const streams = {
  order: 1,
  augment: 2,
  weights: 3,
  mask: 4,
  sparsity: 5,
  glyphs: 6,
  subset: 7,
  scores: 8,
  crop: 9,
  runs: 10,
} as const;

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** Four 32-bit words for a 128-bit counter and a 64-bit key. */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): [number, number, number, number] {
  for (let round = 0; round < 10; round++) {
    const high0 = highWord(M0, c0);
    const high1 = highWord(M1, c2);
    const low0 = Math.imul(M0, c0) >>> 0;
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The upper 32 bits of a 32 × 32 bit product. */
function highWord(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  // Sums stay below 2³²: each is at most (2¹⁶ − 1)² and twice a half word.
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const carry = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return ((Math.imul(aHigh, bHigh) >>> 0) + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/** Four independent 32-bit words. `index` may reach 2^53. */
export const randomWords = ({ seed, stream, epoch = 0, index }: RandomKey): [number, number, number, number] =>
  philox(index >>> 0, Math.floor(index / 2 ** 32), epoch >>> 0, stream, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);

export const uint32 = (key: RandomKey): number => randomWords(key)[0];

/** Uniform in [0, 1). */
export const uniform = (key: RandomKey): number => uint32(key) / 2 ** 32;

/** `length` standard normal numbers (Box–Muller on Philox words), four a counter, starting at index 0. */
export function normals(length: number, { seed, stream, epoch = 0 }: Omit<RandomKey, "index">): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i += 4) {
    const [a, b, c, d] = randomWords({ seed, stream, epoch, index: i / 4 });
    const pairs = [...boxMuller(a, b), ...boxMuller(c, d)];
    for (let j = 0; j < 4 && i + j < length; j++) out[i + j] = pairs[j] as number;
  }
  return out;
}

function boxMuller(a: number, b: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log((a + 1) / 2 ** 32));
  const angle = (2 * Math.PI * b) / 2 ** 32;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** A permutation of 0…n−1 (Fisher–Yates), a pure function of the key. */
export function permutation(n: number, { seed, stream, epoch = 0 }: Omit<RandomKey, "index">): Uint32Array {
  const order = new Uint32Array(n).map((_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform({ seed, stream, epoch, index: i }) * (i + 1));
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
}

/** The order in which an epoch visits `n` samples. */
export const shuffledIndices = (seed: number, epoch: number, n: number): Uint32Array =>
  permutation(n, { seed, epoch, stream: streams.order });

/** Samples that lie next to each other and are visited near each other: 7 MB of ImageNet's JPEGs. */
const runLength = 64;
/** Samples among which the next is drawn: a window of 256 runs. */
const bufferLength = 16_384;

/**
 * The order in which an epoch visits `n` samples that are read where they are stored, numbered as they are stored: shards
 * are cut into runs, the runs shuffled, and their samples pass through a shuffle buffer. So at any time reads stay within
 * 256 places that move forward, and archives that are sorted by class still mix. Up to the buffer's length it is an
 * ordinary shuffle.
 */
export function bufferedOrder(
  seed: number,
  epoch: number,
  n: number,
  { run = runLength, buffer = bufferLength }: { run?: number; buffer?: number } = {},
): Uint32Array {
  const runs = permutation(Math.ceil(n / run), { seed, epoch, stream: streams.runs });
  const order = new Uint32Array(n);
  let read = 0;
  for (const start of runs) for (let i = start * run; i < Math.min(n, (start + 1) * run); i++) order[read++] = i;
  // The buffer is what lies from `place` to `filled`: the one that is drawn changes places with the first.
  for (let place = 0; place < n; place++) {
    const filled = Math.min(n, place + buffer);
    const other = place + Math.floor(uniform({ seed, epoch, stream: streams.order, index: place }) * (filled - place));
    const swapped = order[place] as number;
    order[place] = order[other] as number;
    order[other] = swapped;
  }
  return order;
}
