import { type ConvolutionShape, filterSize, outputExtent, outputSize } from "./convolution.ts";
import type { RingVector } from "./ring.ts";
import { WasmInstance } from "./wasm.ts";

let instance: WasmInstance | undefined;

/**
 * Convolution over Z_2^64, exact: filters of 32-bit weights [out, height, width, in] on an image of ring elements. An element
 * is high·2^32 + low with low signed; one row of the output at a time, its patches are multiplied with all filters.
 */
export function convolve(shape: ConvolutionShape, filters: Int32Array, image: RingVector): RingVector {
  instance ??= new WasmInstance();
  const [rows, columns] = [outputExtent(shape.height, shape), outputExtent(shape.width, shape)];
  const length = 4 * Math.ceil(filterSize(shape) / 4); // of a patch and a filter, filled up with zeros to whole vectors
  const { channelsOut } = shape;
  const outAt = 0;
  const lowAt = outAt + 8 * columns * channelsOut;
  const highAt = lowAt + 4 * columns * length;
  const filtersAt = highAt + 4 * columns * length;
  const memory = instance.reserve(filtersAt + 4 * channelsOut * length);
  placeFilters(new Int32Array(memory, filtersAt, channelsOut * length), filters, channelsOut, length);
  const patches = {
    low: new Int32Array(memory, lowAt, columns * length),
    high: new Int32Array(memory, highAt, columns * length),
  };
  const result = new BigInt64Array(memory, outAt, columns * channelsOut);
  const halves = splitWords(image);
  const out = new BigInt64Array(outputSize(shape));
  for (let row = 0; row < rows; row++) {
    gatherPatches(shape, row, halves, patches, length);
    instance.kernels.multiplyPatches(lowAt, highAt, filtersAt, outAt, length, columns, channelsOut);
    out.set(result, row * columns * channelsOut);
  }
  return out;
}

interface Halves {
  low: Int32Array;
  high: Int32Array;
}

function placeFilters(target: Int32Array, filters: Int32Array, count: number, length: number): void {
  const size = filters.length / count;
  target.fill(0);
  for (let i = 0; i < count; i++) target.set(filters.subarray(i * size, (i + 1) * size), i * length);
}

function splitWords(image: RingVector): Halves {
  const words = new Int32Array(image.buffer, image.byteOffset, 2 * image.length);
  const low = new Int32Array(image.length);
  const high = new Int32Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const word = words[2 * i] as number;
    low[i] = word;
    high[i] = (words[2 * i + 1] as number) - (word >> 31);
  }
  return { low, high };
}

/** The patches that a row of the output sees, `length` elements apart. */
function gatherPatches(shape: ConvolutionShape, row: number, image: Halves, patches: Halves, length: number): void {
  const { height, width, channelsIn, kernel, stride, padding } = shape;
  const columns = outputExtent(width, shape);
  patches.low.fill(0);
  patches.high.fill(0);
  for (let column = 0; column < columns; column++) {
    for (let ky = 0; ky < kernel; ky++) {
      const y = row * stride + ky - padding;
      if (y < 0 || y >= height) continue;
      // What lies beside the image stays 0; the rest of a kernel's row is one run of elements.
      const first = Math.max(0, padding - column * stride);
      const last = Math.min(kernel, width + padding - column * stride);
      const from = (y * width + column * stride + first - padding) * channelsIn;
      const run = Math.max(0, last - first) * channelsIn;
      const at = column * length + (ky * kernel + first) * channelsIn;
      patches.low.set(image.low.subarray(from, from + run), at);
      patches.high.set(image.high.subarray(from, from + run), at);
    }
  }
}
