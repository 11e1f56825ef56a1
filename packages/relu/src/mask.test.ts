import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskDistance, onesOf, overlapOf, packBits, randomMask, topUnits, unpackBits } from "./mask.ts";

const scored = fc
  .array(fc.oneof(fc.integer({ min: -2, max: 3 }), fc.float({ noNaN: true })), { minLength: 1, maxLength: 200 })
  .chain((scores) =>
    fc.record({ scores: fc.constant(Float32Array.from(scores)), count: fc.integer({ min: 0, max: scores.length }) }),
  );

describe("masks", () => {
  it("keep exactly the asked number of top scores, ties by unit index", () => {
    fc.assert(
      fc.property(scored, ({ scores, count }) => {
        const expected = [...scores.keys()]
          .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
          .slice(0, count);
        expect([...topUnits(scores, count).entries()].filter(([, bit]) => bit).map(([unit]) => unit)).toEqual(
          expected.sort((a, b) => a - b),
        );
      }),
    );
  });

  it("survive packing", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 70 }), (bits) => {
        expect([...unpackBits(packBits(Uint8Array.from(bits)), bits.length)]).toEqual(bits);
      }),
    );
    expect(() => unpackBits(new Uint8Array(2), 17)).toThrow(/2 bytes/);
    expect(() => unpackBits(Uint8Array.of(0b1000), 3)).toThrow(/beyond its last unit/);
  });

  it("start random with exact counts, another for each seed and layer", () => {
    const mask = randomMask(1000, 37, { seed: 1, layer: 0 });
    expect(onesOf(mask)).toBe(37);
    expect(overlapOf(mask, randomMask(1000, 37, { seed: 1, layer: 1 }))).toBeLessThan(20);
    expect([...mask]).toEqual([...randomMask(1000, 37, { seed: 1, layer: 0 })]);
  });

  it("lie 0 apart when equal and 1 when disjoint", () => {
    const left = Uint8Array.of(1, 1, 0, 0);
    const right = Uint8Array.of(0, 0, 1, 1);
    expect(maskDistance([left], [left])).toBe(0);
    expect(maskDistance([left, left], [right, left])).toBe(0.5);
    expect(maskDistance([left], [right])).toBe(1);
  });

  it("refuse counts beyond the layer", () => {
    expect(() => topUnits(new Float32Array(3), 4)).toThrow(/3 units cannot keep 4/);
  });
});
