import { describe, expect, it } from "vitest";
import { normals, permutation, philox, streams, uint32 } from "./random.ts";

describe("the counter-based generator", () => {
  // Known answers of Random123's kat_vectors for philox4x32 with 10 rounds.
  it("gives the published Philox4x32-10 answers", () => {
    expect(philox(0, 0, 0, 0, 0, 0)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    const ones = 0xffffffff;
    expect(philox(ones, ones, ones, ones, ones, ones)).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    expect(philox(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0)).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });

  it("separates seeds, streams, epochs and indices", () => {
    const key = { seed: 1, stream: streams.order, epoch: 0, index: 0 };
    const drawn = [
      key,
      { ...key, seed: 2 },
      { ...key, stream: 2 },
      { ...key, epoch: 1 },
      { ...key, index: 1 },
      { ...key, index: 2 ** 32 },
    ];
    expect(new Set(drawn.map(uint32)).size).toBe(drawn.length);
  });

  it("permutes", () => {
    const order = permutation(1000, { seed: 7, stream: streams.order, epoch: 3 });
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...order]).not.toEqual([...permutation(1000, { seed: 7, stream: streams.order, epoch: 4 })]);
  });

  it("draws normals with mean 0 and deviation 1, a prefix not depending on the length", () => {
    const drawn = normals(20_001, { seed: 1, stream: streams.weights });
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
    const variance = drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect([...normals(9, { seed: 1, stream: streams.weights })]).toEqual([...drawn.slice(0, 9)]);
  });
});
