import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bySeeds, frontierOf, meanOf, recommend } from "./frontier.ts";

describe("the frontier", () => {
  const points = fc.array(
    fc.record({
      reluCount: fc.integer({ min: 1, max: 50 }),
      validationAccuracy: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
    }),
    { maxLength: 40 },
  );
  it("holds no dominated point, dominates everything else, and is its own frontier", () => {
    fc.assert(
      fc.property(points, (all) => {
        const front = frontierOf(all);
        const covers = (a: (typeof all)[0], b: (typeof all)[0]) =>
          a.reluCount <= b.reluCount && a.validationAccuracy >= b.validationAccuracy;
        for (const point of all) expect(front.some((kept) => covers(kept, point))).toBe(true);
        for (const a of front) for (const b of front) if (a !== b) expect(covers(a, b)).toBe(false);
        expect(frontierOf(front)).toEqual(front);
      }),
    );
  });
  const reached = (reluCount: number, validationAccuracy: number, testAccuracy = 0.5, method = "senet") => ({
    method,
    reluCount,
    validationAccuracy,
    testAccuracy,
  });
  it("recommends the smallest budget within one point of the best AR model on validation, else the most accurate there", () => {
    const ar = reached(100, 0.9, 0.9, "ar");
    const all = [reached(10, 0.7), reached(20, 0.895), reached(40, 0.91)];
    expect(recommend([reached(100, 0.6, 0.9, "ar"), ar, ...all])).toEqual({ point: all[1], withinOnePoint: true, ar });
    expect(recommend([ar, reached(10, 0.7), reached(20, 0.7), reached(5, 0.6)])).toEqual({
      point: reached(10, 0.7),
      withinOnePoint: false,
      ar,
    });
    expect(recommend(all)).toEqual({ point: all[2], withinOnePoint: false, ar: null });
    expect(recommend([ar])).toBeNull();
  });
  it("recommends the same whatever the test part says", () => {
    const point = fc.record({
      method: fc.constantFrom("ar", "senet", "snl"),
      reluCount: fc.integer({ min: 1, max: 50 }),
      validationAccuracy: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      testAccuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const chosen = (all: ReturnType<typeof reached>[]) => {
      const found = recommend(all);
      return found && all.indexOf(found.point);
    };
    fc.assert(
      fc.property(fc.array(fc.tuple(point, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 20 }), (all) => {
        const other = all.map(([one, testAccuracy]) => ({ ...one, testAccuracy }));
        expect(chosen(other)).toBe(chosen(all.map(([one]) => one)));
      }),
    );
  });
  it("puts results together that differ only in their seed, and means compete", () => {
    const result = {
      ...reached(10, 0.8),
      recipe: "debug",
      variant: "full",
      convention: "all",
      budget: 12,
      source: null,
    };
    const groups = bySeeds([
      { ...result, seed: 1 },
      { ...result, seed: 2, reluCount: 12, validationAccuracy: 0.9, testAccuracy: 0.7 },
      { ...result, seed: 1, variant: "0.5" },
      { ...result, seed: 1, source: { sha256: "a" } },
      { ...result, seed: 1, source: { sha256: "b" } },
    ]);
    expect([...groups.values()].map((runs) => runs.map(({ seed }) => seed))).toEqual([[1, 2], [1], [1], [1]]);
    const [first] = [...groups.values()].map(meanOf);
    expect(first).toMatchObject({ method: "senet", reluCount: 11 });
    expect(first?.validationAccuracy).toBeCloseTo(0.85, 12);
    expect(first?.testAccuracy).toBeCloseTo(0.6, 12);
  });
});
