import { onesOf, totalOf } from "@reluctant/relu";
import { describe, expect, it } from "vitest";
import { pruneAndRegrow, pruneRateAt, randomPatterns, type SparseLayer } from "./sparse-momentum.ts";

/** Layers of 10, 200 and 1,000 weights at density 0.1; the first two have the larger momentum. */
const setup = (momenta = [3, 2, 0.1]) => {
  const sizes = [10, 200, 1000];
  const layers = randomPatterns(sizes, 0.1, 1).map(
    (pattern, l): SparseLayer => ({
      pattern,
      weights: Float32Array.from(pattern, (bit, i) => bit * (i + 1)),
      momentum: Float32Array.from(pattern, (_, i) => (momenta[l] as number) * (1 + (i % 7)) * (i % 2 ? 1 : -1)),
    }),
  );
  return { sizes, layers };
};

describe("sparse momentum", () => {
  it("starts with exactly d of all weights, each layer at d", () => {
    const patterns = randomPatterns([10, 205, 1000], 0.1, 1);
    expect(totalOf(patterns)).toBe(Math.round(0.1 * 1215));
    expect(patterns.map(onesOf)).toEqual([1, 21, 100]);
    expect(randomPatterns([10, 205, 1000], 0.1, 2)).not.toEqual(patterns);
  });

  it("keeps the total of non-zeros over many rounds while density moves to where the momentum is", () => {
    const { layers } = setup();
    let current = layers;
    for (let round = 0; round < 20; round++) {
      const patterns = pruneAndRegrow(current, pruneRateAt(round, 20, 0.5));
      expect(totalOf(patterns)).toBe(121);
      current = current.map((layer, l) => ({ ...layer, pattern: patterns[l] as Uint8Array }));
    }
    expect(onesOf((current[0] as SparseLayer).pattern)).toBeGreaterThan(onesOf((layers[0] as SparseLayer).pattern));
    expect(onesOf((current[2] as SparseLayer).pattern)).toBeLessThan(onesOf((layers[2] as SparseLayer).pattern));
  });

  it("prunes the smallest weights and regrows where the momentum is largest, ties by index", () => {
    const layer = {
      pattern: Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0),
      weights: Float32Array.of(4, -1, 3, 2, 0, 0, 0, 0),
      momentum: Float32Array.of(0, 0, 0, 0, 1, -5, 5, 2),
    };
    expect([...(pruneAndRegrow([layer], 0.5)[0] as Uint8Array)]).toEqual([1, 0, 1, 0, 0, 1, 1, 0]);
  });

  it("fills at most 0.99 of a layer's free places and gives the rest to the others", () => {
    const { layers } = setup([1000, 1, 1]);
    const patterns = pruneAndRegrow(layers, 0.5);
    expect(onesOf(patterns[0] as Uint8Array)).toBe(Math.floor(0.99 * 9) + 1);
    expect(totalOf(patterns)).toBe(121);
  });

  it("prunes a nearly dense, growing layer by no more than its share of zeros", () => {
    const dense = {
      pattern: new Uint8Array(100).fill(1).fill(0, 90),
      weights: new Float32Array(100).fill(1),
      momentum: new Float32Array(100).fill(9),
    };
    const sparse = {
      pattern: new Uint8Array(100).fill(1, 0, 10),
      weights: new Float32Array(100).fill(1),
      momentum: new Float32Array(100).fill(1),
    };
    const [first] = pruneAndRegrow([dense, sparse], 0.5);
    // 9 of its 90 pruned (10 % zeros), 5 of the other's 10; nine tenths of the 14 regrow here: 12.6, so 13.
    expect(onesOf(first as Uint8Array)).toBe(90 - 9 + 13);
  });

  it("changes nothing at rate 0, where the cosine ends", () => {
    const { layers } = setup();
    expect(pruneRateAt(0, 100, 0.5)).toBe(0.5);
    expect(pruneRateAt(100, 100, 0.5)).toBe(0);
    expect(pruneAndRegrow(layers, 0)).toEqual(layers.map(({ pattern }) => pattern));
  });

  it("survives a network that does not move", () => {
    const { layers } = setup([0, 0, 0]);
    expect(totalOf(pruneAndRegrow(layers, 0.5))).toBe(121);
  });
});
