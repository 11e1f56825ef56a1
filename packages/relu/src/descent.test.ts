import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { descentLevels, removeAcrossLayers, removePerLayer } from "./descent.ts";
import { type Mask, onesOf, totalOf } from "./mask.ts";

const isWithin = (inner: readonly Mask[], outer: readonly Mask[]) =>
  inner.every((mask, l) => mask.every((bit, unit) => bit <= (outer[l]?.[unit] as number)));

/** Layers of masks with scores, some of them equal. */
const layers = fc.array(
  fc.array(fc.record({ kept: fc.boolean(), score: fc.integer({ min: 0, max: 5 }) }), { minLength: 1, maxLength: 40 }),
  { minLength: 1, maxLength: 5 },
);
const masksOf = (drawn: { kept: boolean }[][]): Mask[] =>
  drawn.map((layer) => Uint8Array.from(layer, ({ kept }) => Number(kept)));
const scoresOf = (drawn: { score: number }[][]) => drawn.map((layer) => Float32Array.from(layer, ({ score }) => score));

describe("a descent", () => {
  it("comes to every budget exactly and never rises", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 500_000 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 20 }),
        (drawn, removals) => {
          const budgets = drawn.sort((a, b) => b - a);
          const levels = descentLevels(500_000, budgets, removals);
          expect(levels.filter((_, round) => (round + 1) % removals === 0)).toEqual(budgets);
          expect(levels).toEqual([...levels].sort((a, b) => b - a));
        },
      ),
    );
  });

  it("removes the same share at every removal before a budget", () => {
    expect(descentLevels(80_000, [5_000, 1_250], 2)).toEqual([20_000, 5_000, 2_500, 1_250]);
  });

  it("keeps a part of what each layer had, as many as asked for, the highest scores", () => {
    fc.assert(
      fc.property(layers, fc.array(fc.nat(40), { minLength: 5, maxLength: 5 }), (drawn, wanted) => {
        const [masks, scores] = [masksOf(drawn), scoresOf(drawn)];
        const left = removePerLayer(masks, scores, wanted);
        expect(isWithin(left, masks)).toBe(true);
        left.forEach((mask, l) => {
          expect(onesOf(mask)).toBe(Math.min(onesOf(masks[l] as Mask), wanted[l] as number));
          const score = (unit: number) => scores[l]?.[unit] as number;
          const kept = [...mask.keys()].filter((unit) => mask[unit]).map(score);
          const gone = [...mask.keys()].filter((unit) => !mask[unit] && masks[l]?.[unit]).map(score);
          expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(...gone));
        });
      }),
    );
  });

  it("across layers keeps exactly the total and no layer below its floor", () => {
    fc.assert(
      fc.property(layers, fc.double({ min: 0, max: 1, noNaN: true }), (drawn, share) => {
        const [masks, scores] = [masksOf(drawn), scoresOf(drawn)];
        const floors = masks.map((mask) => Math.floor(onesOf(mask) / 10));
        const least = floors.reduce((sum, floor) => sum + floor, 0);
        const wanted = least + Math.floor(share * (totalOf(masks) - least));
        const left = removeAcrossLayers(masks, { scores, total: wanted, floors });
        expect(isWithin(left, masks)).toBe(true);
        expect(totalOf(left)).toBe(wanted);
        for (const [l, mask] of left.entries()) expect(onesOf(mask)).toBeGreaterThanOrEqual(floors[l] as number);
      }),
    );
  });

  it("across layers weighs a score by its layer's mean", () => {
    const masks = [Uint8Array.of(1, 1), Uint8Array.of(1, 1)];
    const scores = [Float32Array.of(1, 9), Float32Array.of(500, 500)];
    expect(removeAcrossLayers(masks, { scores, total: 1, floors: [0, 0] })).toEqual([
      Uint8Array.of(0, 1),
      Uint8Array.of(0, 0),
    ]);
  });
});
