import { describe, expect, it } from "vitest";
import {
  type ConvolutionShape,
  convolve,
  filterSize,
  inputSize,
  maximumFilterSum,
  outputExtent,
} from "./convolution.ts";
import { randomVector, randomWords } from "./random.ts";

/** As the definition says, in BigInts. */
function naive(shape: ConvolutionShape, filters: Int32Array, image: BigInt64Array): BigInt64Array {
  const { height, width, channelsIn, channelsOut, kernel, stride, padding } = shape;
  const [rows, columns] = [outputExtent(height, shape), outputExtent(width, shape)];
  const out = new BigInt64Array(rows * columns * channelsOut);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < channelsOut; channel++) {
        let sum = 0n;
        for (let ky = 0; ky < kernel; ky++)
          for (let kx = 0; kx < kernel; kx++)
            for (let input = 0; input < channelsIn; input++) {
              const [y, x] = [row * stride + ky - padding, column * stride + kx - padding];
              if (y < 0 || y >= height || x < 0 || x >= width) continue;
              const weight = filters[((channel * kernel + ky) * kernel + kx) * channelsIn + input] as number;
              sum += BigInt(weight) * (image[(y * width + x) * channelsIn + input] as bigint);
            }
        out[(row * columns + column) * channelsOut + channel] = sum;
      }
  return out;
}

const shapes: ConvolutionShape[] = [
  { height: 5, width: 5, channelsIn: 3, channelsOut: 4, kernel: 3, stride: 1, padding: 1 },
  { height: 6, width: 5, channelsIn: 2, channelsOut: 3, kernel: 3, stride: 2, padding: 1 },
  { height: 4, width: 4, channelsIn: 5, channelsOut: 1, kernel: 1, stride: 2, padding: 0 },
  { height: 7, width: 7, channelsIn: 1, channelsOut: 2, kernel: 7, stride: 2, padding: 3 },
  { height: 1, width: 1, channelsIn: 64, channelsOut: 10, kernel: 1, stride: 1, padding: 0 },
];

describe("convolution over the ring", () => {
  it.each(shapes)(
    "is exact on uniform elements: $height × $width × $channelsIn → $channelsOut, kernel $kernel",
    (shape) => {
      const filters = randomWords(filterSize(shape) * shape.channelsOut).map((word) => word >> 14);
      const image = randomVector(inputSize(shape));
      expect(convolve(shape, filters, image)).toEqual(naive(shape, filters, image));
    },
  );

  it("is exact with the largest weights that a filter may have, on every extreme of the low word", () => {
    const shape = { height: 1, width: 1, channelsIn: 3, channelsOut: 2, kernel: 1, stride: 1, padding: 0 };
    const most = maximumFilterSum - 1;
    const filters = Int32Array.of(most, 0, 0, -most + 2, 1, -1);
    for (const low of [0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, -1n, -(2n ** 31n)]) {
      const image = BigInt64Array.of(low, (5n << 32n) + low, (-7n << 32n) + low);
      expect(convolve(shape, filters, image)).toEqual(naive(shape, filters, image));
    }
  });
});
