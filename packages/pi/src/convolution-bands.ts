import { type ConvolutionShape, filterSize, inputSize, outputExtent, outputSize } from "./convolution.ts";
import type { RingVector } from "./ring.ts";

/** A convolution that gives some rows of another one's output. */
export interface Band {
  shape: ConvolutionShape;
  /** With the zeros beside it, so that the shape needs none; memory of its own. */
  image: RingVector;
}

/** A convolution as at most so many, whose outputs lie one behind the other in its own. */
export function bandsOf(shape: ConvolutionShape, image: RingVector, most: number): Band[] {
  const rows = outputExtent(shape.height, shape);
  const count = Math.min(most, rows);
  const firstOf = (band: number) => Math.floor((band * rows) / count);
  return Array.from({ length: count }, (_, band) => bandOf(shape, image, firstOf(band), firstOf(band + 1)));
}

function bandOf(shape: ConvolutionShape, image: RingVector, first: number, end: number): Band {
  const { height, width, channelsIn, kernel, stride, padding } = shape;
  const band = { ...shape, height: (end - first - 1) * stride + kernel, width: width + 2 * padding, padding: 0 };
  const out = new BigInt64Array(inputSize(band));
  const top = first * stride - padding;
  for (let y = Math.max(0, top); y < Math.min(height, top + band.height); y++) {
    const row = image.subarray(y * width * channelsIn, (y + 1) * width * channelsIn);
    out.set(row, ((y - top) * band.width + padding) * channelsIn);
  }
  return { shape: band, image: out };
}

/** Products of an element and a weight. */
export const productsOf = (shape: ConvolutionShape): number => outputSize(shape) * filterSize(shape);
