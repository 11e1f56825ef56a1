import { randomInt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type ConvolutionShape, filterSize, inputSize, outputExtent } from "../convolution.ts";
import { randomWords } from "../random.ts";
import { namedModel } from "../test-networks.ts";
import { countsOf, outputPlaces, packInput, packingOf, packWeights } from "./packing.ts";
import { degree } from "./parameters.ts";

/** Some of a group's outputs, the first and the last with them. */
const sampled = (count: number): number[] =>
  count <= 30 ? [...Array(count).keys()] : [0, 1, count - 1, ...Array.from({ length: 27 }, () => randomInt(count))];

/** Elements of what a convolution gives, as its definition says, exact in floating point. */
function convolved(shape: ConvolutionShape, filters: Int32Array, image: Float64Array, place: number): number {
  const { height, width, channelsIn, channelsOut, kernel, stride, padding } = shape;
  const [position, m] = [Math.floor(place / channelsOut), place % channelsOut];
  const columns = outputExtent(width, shape);
  let sum = 0;
  for (let l = 0; l < kernel; l++) {
    for (let k = 0; k < kernel; k++) {
      const y = Math.floor(position / columns) * stride + l - padding;
      const x = (position % columns) * stride + k - padding;
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      for (let c = 0; c < channelsIn; c++)
        sum +=
          (filters[((m * kernel + l) * kernel + k) * channelsIn + c] as number) *
          (image[(y * width + x) * channelsIn + c] as number);
    }
  }
  return sum;
}

/** What groups of a layer's output are by products of polynomials modulo x^degree + 1, beside what they should be. */
function outputsOf(shape: ConvolutionShape, groups: readonly { slab: number; group: number }[]) {
  const packing = packingOf("layer", shape);
  const filters = randomWords(filterSize(shape) * shape.channelsOut).map((word) => word >> 20);
  const words = randomWords(inputSize(shape)).map((word) => word >> 12);
  const image = BigInt64Array.from(words, BigInt);
  return groups.map(({ slab, group }) => {
    const { coefficients, places } = outputPlaces(packing, { slab, group });
    const sample = sampled(places.length);
    const found = new Float64Array(sample.length);
    for (let input = 0; input < countsOf(packing).inputs; input++) {
      const x = Float64Array.from(packInput(packing, image, { slab, group: input }), Number);
      const weights = packWeights(packing, filters, { input, output: group });
      for (const [e, weight] of weights.entries()) {
        if (weight === 0) continue;
        for (const [i, at] of sample.entries()) {
          const from = (coefficients[at] as number) - e;
          const value = from < 0 ? -(x[from + degree] as number) : (x[from] as number);
          found[i] = (found[i] as number) + weight * value;
        }
      }
    }
    const of = Float64Array.from(words);
    return { found, expected: Float64Array.from(sample, (i) => convolved(shape, filters, of, places[i] as number)) };
  });
}

/** Every shape of a linear layer of these networks, once. */
function shapesOf(names: readonly Parameters<typeof namedModel>[0][]): ConvolutionShape[] {
  const found = new Map<string, ConvolutionShape>();
  for (const { nodes } of names.map(namedModel)) {
    const shapes = new Map(nodes.map(({ name, shape }) => [name, shape]));
    for (const node of nodes) {
      if (node.op !== "conv" && node.op !== "dense") continue;
      const [height, width, channelsIn] = shapes.get(node.from) as readonly [number, number, number];
      const { kernel, stride } = node.op === "conv" ? node : { kernel: 1, stride: 1 };
      const shape = { height, width, channelsIn, channelsOut: node.shape[2], kernel, stride, padding: kernel >> 1 };
      found.set(JSON.stringify(shape), shape);
    }
  }
  return [...found.values()];
}

const others: ConvolutionShape[] = [
  { height: 1, width: 1, channelsIn: 3, channelsOut: 2, kernel: 3, stride: 1, padding: 1 },
  { height: 7, width: 5, channelsIn: 6, channelsOut: 5, kernel: 5, stride: 3, padding: 2 },
  { height: 9, width: 8, channelsIn: 2, channelsOut: 3, kernel: 2, stride: 2, padding: 0 },
  { height: 6, width: 6, channelsIn: 2, channelsOut: 3, kernel: 2, stride: 1, padding: 1 },
  { height: 128, width: 128, channelsIn: 2, channelsOut: 3, kernel: 3, stride: 1, padding: 1 },
  { height: 224, width: 224, channelsIn: 1, channelsOut: 2, kernel: 7, stride: 2, padding: 3 },
  { height: 200, width: 200, channelsIn: 1, channelsOut: 2, kernel: 1, stride: 2, padding: 0 },
];

describe("packing", () => {
  const shapes = [...shapesOf(["resnet8", "resnet20", "resnet18"]), ...others];

  it.each(shapes)("multiplies as a convolution of %o does", (shape) => {
    const { slabs, outputs } = countsOf(packingOf("layer", shape));
    const groups = [
      { slab: 0, group: 0 },
      { slab: slabs - 1, group: outputs - 1 },
    ];
    for (const { found, expected } of outputsOf(shape, groups)) expect(found).toEqual(expected);
  });

  it("gives every output once", () => {
    for (const shape of shapes) {
      const packing = packingOf("layer", shape);
      const { slabs, outputs } = countsOf(packing);
      const seen = new Uint8Array(
        outputExtent(shape.height, shape) * outputExtent(shape.width, shape) * shape.channelsOut,
      );
      for (let slab = 0; slab < slabs; slab++) {
        for (let group = 0; group < outputs; group++) {
          const { coefficients, places } = outputPlaces(packing, { slab, group });
          for (const place of places) seen[place] = (seen[place] as number) + 1;
          expect(Math.max(...coefficients)).toBeLessThan(degree);
        }
      }
      expect(seen.every((times) => times === 1)).toBe(true);
    }
  });

  it("refuses rows that no polynomial holds, and padding that a kernel does not reach", () => {
    const shape = { height: 5_000, width: 5_000, channelsIn: 3, channelsOut: 4, kernel: 3, stride: 1, padding: 1 };
    expect(() => packingOf("stem", shape)).toThrow('3 rows of "stem" have 15003 values with their padding');
    expect(() => packingOf("stem", { ...shape, kernel: 1 })).toThrow('"stem" has more zeros around its image');
  });
});
