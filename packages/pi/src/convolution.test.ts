import { describe, expect, it } from "vitest";
import { type ConvolutionShape, convolveByDefinition, filterSize, inputSize } from "./convolution.ts";
import { randomVector, randomWords } from "./random.ts";
import { kernelsHere } from "./test-levels.ts";

const all = await kernelsHere();

const shapes: ConvolutionShape[] = [
  { height: 5, width: 5, channelsIn: 3, channelsOut: 4, kernel: 3, stride: 1, padding: 1 },
  { height: 6, width: 5, channelsIn: 2, channelsOut: 3, kernel: 3, stride: 2, padding: 1 },
  { height: 4, width: 4, channelsIn: 5, channelsOut: 1, kernel: 1, stride: 2, padding: 0 },
  { height: 7, width: 7, channelsIn: 1, channelsOut: 2, kernel: 7, stride: 2, padding: 3 },
  { height: 1, width: 1, channelsIn: 64, channelsOut: 10, kernel: 1, stride: 1, padding: 0 },
  { height: 9, width: 3, channelsIn: 4, channelsOut: 33, kernel: 3, stride: 1, padding: 1 },
];

describe("convolution over the ring", () => {
  it.each(shapes)(
    "is exact on uniform elements: $height × $width × $channelsIn → $channelsOut, kernel $kernel",
    async (shape) => {
      const filters = randomWords(filterSize(shape) * shape.channelsOut).map((word) => word >> 2);
      const image = randomVector(inputSize(shape));
      const exact = convolveByDefinition(shape, filters, image);
      for (const { convolve } of all) expect(await convolve(shape, filters, image)).toEqual(exact);
    },
  );

  it("is exact with the largest weights, on every extreme of the words", async () => {
    const shape = { height: 1, width: 1, channelsIn: 3, channelsOut: 3, kernel: 1, stride: 1, padding: 0 };
    const [least, most] = [-(2 ** 31), 2 ** 31 - 1];
    const filters = Int32Array.of(most, least, most, least, least, least, 1, -1, 0);
    for (const low of [0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, -1n, -(2n ** 31n), 2n ** 63n - 1n]) {
      const image = BigInt64Array.of(low, (5n << 32n) + low, (-7n << 32n) + low);
      const exact = convolveByDefinition(shape, filters, image);
      for (const { convolve } of all) expect(await convolve(shape, filters, image)).toEqual(exact);
    }
  });

  it("says of a small one what can be seen", async () => {
    const shape = { height: 2, width: 2, channelsIn: 1, channelsOut: 1, kernel: 3, stride: 1, padding: 1 };
    const filters = Int32Array.of(0, 0, 0, 0, 10, 1, 0, 0, 0); // itself tenfold, and its right neighbor
    for (const { convolve } of all)
      expect([...(await convolve(shape, filters, BigInt64Array.of(1n, 2n, 3n, 4n)))]).toEqual([12n, 20n, 34n, 40n]);
  });
});
