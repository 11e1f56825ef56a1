import { expect, it } from "vitest";
import { type ConvolutionShape, convolveByDefinition, filterSize, inputSize } from "./convolution.ts";
import { bandsOf } from "./convolution-bands.ts";
import { randomVector, randomWords } from "./random.ts";
import { concatenated } from "./ring.ts";

const shapes: ConvolutionShape[] = [
  { height: 5, width: 4, channelsIn: 3, channelsOut: 2, kernel: 3, stride: 1, padding: 1 },
  { height: 8, width: 7, channelsIn: 2, channelsOut: 3, kernel: 3, stride: 2, padding: 1 },
  { height: 7, width: 6, channelsIn: 2, channelsOut: 1, kernel: 1, stride: 2, padding: 0 },
  { height: 3, width: 3, channelsIn: 1, channelsOut: 2, kernel: 7, stride: 2, padding: 3 },
  { height: 1, width: 1, channelsIn: 6, channelsOut: 4, kernel: 1, stride: 1, padding: 0 },
];

it.each(shapes)("bands give a convolution's rows, as many as there are: %o", (shape) => {
  const filters = randomWords(filterSize(shape) * shape.channelsOut);
  const image = randomVector(inputSize(shape));
  const exact = convolveByDefinition(shape, filters, image);
  for (const most of [1, 2, 3, 50]) {
    const bands = bandsOf(shape, image, most);
    expect(bands.length).toBeLessThanOrEqual(most);
    expect(concatenated(...bands.map((band) => convolveByDefinition(band.shape, filters, band.image)))).toEqual(exact);
  }
});
