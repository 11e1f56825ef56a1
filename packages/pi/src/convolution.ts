import type { RingVector } from "./ring.ts";

/** A convolution's public shape. Images are [height, width, channels]; a dense layer is a 1×1 convolution of a 1×1 image. */
export interface ConvolutionShape {
  height: number;
  width: number;
  channelsIn: number;
  channelsOut: number;
  kernel: number;
  stride: number;
  /** Zeros around the image on each side. */
  padding: number;
}

export const outputExtent = (extent: number, { kernel, stride, padding }: ConvolutionShape): number =>
  Math.floor((extent + 2 * padding - kernel) / stride) + 1;

export const inputSize = ({ height, width, channelsIn }: ConvolutionShape): number => height * width * channelsIn;

export const outputSize = (shape: ConvolutionShape): number =>
  outputExtent(shape.height, shape) * outputExtent(shape.width, shape) * shape.channelsOut;

/** Weights that a filter has. */
export const filterSize = ({ kernel, channelsIn }: ConvolutionShape): number => kernel * kernel * channelsIn;

/**
 * What the magnitudes of a filter's fixed-point weights must sum to less than, 1,024 in real numbers: then products with
 * the low words of ring elements, which are below 2^31 in magnitude, sum exactly in float64.
 */
export const maximumFilterSum = 2 ** 22;

/**
 * Convolution over Z_2^64, exact: filters of fixed-point weights [out, height, width, in] on an image of ring elements.
 * An element is high·2^32 + low with low signed. Sums of low products are exact in float64 (see `maximumFilterSum`), sums of
 * high ones are needed modulo 2^32 only: 0.32 billion multiply–accumulates a second, where BigInts reach 0.11.
 */
export function convolve(shape: ConvolutionShape, filters: Int32Array, image: RingVector): RingVector {
  const [rows, columns] = [outputExtent(shape.height, shape), outputExtent(shape.width, shape)];
  const length = filterSize(shape);
  const patches = { low: new Float64Array(columns * length), high: new Int32Array(columns * length) };
  const realFilters = Float64Array.from(filters);
  const out = new BigInt64Array(rows * columns * shape.channelsOut);
  const words = new Int32Array(out.buffer);
  const halves = splitWords(image);
  for (let row = 0; row < rows; row++) {
    gatherPatches(shape, row, halves, patches);
    const target = words.subarray(2 * row * columns * shape.channelsOut, 2 * (row + 1) * columns * shape.channelsOut);
    multiply({ patches, filters, realFilters, length, columns, channels: shape.channelsOut, target });
  }
  return out;
}

interface Halves {
  low: Float64Array;
  high: Int32Array;
}

function splitWords(image: RingVector): Halves {
  const words = new Int32Array(image.buffer, image.byteOffset, 2 * image.length);
  const low = new Float64Array(image.length);
  const high = new Int32Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const word = words[2 * i] as number;
    low[i] = word;
    high[i] = (words[2 * i + 1] as number) - (word >> 31);
  }
  return { low, high };
}

/** The patches that a row of the output sees, one after another. */
function gatherPatches(shape: ConvolutionShape, row: number, image: Halves, patches: Halves): void {
  const { height, width, channelsIn, kernel, stride, padding } = shape;
  patches.low.fill(0);
  patches.high.fill(0);
  const columns = outputExtent(width, shape);
  for (let column = 0, at = 0; column < columns; column++) {
    for (let ky = 0; ky < kernel; ky++) {
      const y = row * stride + ky - padding;
      for (let kx = 0; kx < kernel; kx++, at += channelsIn) {
        const x = column * stride + kx - padding;
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        const from = (y * width + x) * channelsIn;
        for (let channel = 0; channel < channelsIn; channel++) {
          patches.low[at + channel] = image.low[from + channel] as number;
          patches.high[at + channel] = image.high[from + channel] as number;
        }
      }
    }
  }
}

/** Every patch times every filter, two by two: each value that is loaded serves twice. What is odd comes alone. */
function multiply(of: {
  patches: Halves;
  filters: Int32Array;
  realFilters: Float64Array;
  length: number;
  columns: number;
  channels: number;
  target: Int32Array;
}): void {
  const { columns, channels, length } = of;
  for (let column = 0; column < columns; column += 2) {
    const nextColumn = Math.min(column + 1, columns - 1);
    for (let channel = 0; channel < channels; channel += 2) {
      const nextChannel = Math.min(channel + 1, channels - 1);
      multiplyBlock(of, column * length, nextColumn * length, channel * length, nextChannel * length, [
        column * channels + channel,
        column * channels + nextChannel,
        nextColumn * channels + channel,
        nextColumn * channels + nextChannel,
      ]);
    }
  }
}

function multiplyBlock(
  { patches: { low, high }, filters, realFilters, length, target }: Parameters<typeof multiply>[0],
  patchA: number,
  patchB: number,
  filterA: number,
  filterB: number,
  places: [number, number, number, number],
): void {
  let lowAA = 0;
  let lowAB = 0;
  let lowBA = 0;
  let lowBB = 0;
  for (let k = 0; k < length; k++) {
    const a = low[patchA + k] as number;
    const b = low[patchB + k] as number;
    const wa = realFilters[filterA + k] as number;
    const wb = realFilters[filterB + k] as number;
    lowAA += a * wa;
    lowAB += a * wb;
    lowBA += b * wa;
    lowBB += b * wb;
  }
  let highAA = 0;
  let highAB = 0;
  let highBA = 0;
  let highBB = 0;
  for (let k = 0; k < length; k++) {
    const a = high[patchA + k] as number;
    const b = high[patchB + k] as number;
    const wa = filters[filterA + k] as number;
    const wb = filters[filterB + k] as number;
    highAA = (highAA + Math.imul(a, wa)) | 0;
    highAB = (highAB + Math.imul(a, wb)) | 0;
    highBA = (highBA + Math.imul(b, wa)) | 0;
    highBB = (highBB + Math.imul(b, wb)) | 0;
  }
  put(target, places[0], lowAA, highAA);
  put(target, places[1], lowAB, highAB);
  put(target, places[2], lowBA, highBA);
  put(target, places[3], lowBB, highBB);
}

/** low + high·2^32 modulo 2^64. */
function put(words: Int32Array, place: number, low: number, high: number): void {
  const carry = Math.floor(low / 2 ** 32);
  words[2 * place] = low - carry * 2 ** 32;
  words[2 * place + 1] = high + carry;
}
