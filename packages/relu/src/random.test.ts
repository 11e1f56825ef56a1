import { describe, expect, it } from "vitest";
import { bufferedOrder, normals, permutation, philox, streams, uint32 } from "./random.ts";

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

  it("visits stored samples once an epoch, within a window that moves over shuffled runs", () => {
    const n = 20_000;
    const [run, buffer] = [16, 512];
    const order = bufferedOrder(3, 1, n, { run, buffer });
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(order).toEqual(bufferedOrder(3, 1, n, { run, buffer }));
    expect(order).not.toEqual(bufferedOrder(3, 2, n, { run, buffer }));
    expect(order).not.toEqual(bufferedOrder(4, 1, n, { run, buffer }));
    // At any time the samples still to come of runs already begun are fewer than the buffer and one run.
    const begun = new Map<number, number>();
    let waiting = 0;
    for (const sample of order) {
      const own = Math.floor(sample / run);
      if (!begun.has(own)) waiting += run;
      begun.set(own, (begun.get(own) ?? 0) + 1);
      waiting -= 1;
      expect(waiting).toBeLessThan(buffer + run);
    }
  });

  it("mixes what is stored by class, and shuffles altogether what fits into its buffer", () => {
    const n = 200_000;
    const order = bufferedOrder(1, 0, n);
    const classes = new Set([...order.subarray(50_000, 50_256)].map((sample) => Math.floor(sample / 200)));
    expect(classes.size).toBeGreaterThan(120); // of 1,000 in a batch of 256; 226 are expected of a full shuffle
    const places = [...bufferedOrder(1, 0, 1_000)].map((sample, place) => (sample - 499.5) * (place - 499.5));
    const correlation = places.reduce((sum, product) => sum + product, 0) / (1_000 * (1_000 ** 2 / 12));
    expect(Math.abs(correlation)).toBeLessThan(0.1);
  });
});
