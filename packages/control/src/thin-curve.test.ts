import fc from "fast-check";
import { expect, test } from "vitest";
import { thinCurve } from "./thin-curve.ts";

const anyCurve = fc
  .array(fc.double({ noNaN: true, min: -10, max: 10 }), { minLength: 1, maxLength: 200 })
  .map((values) => ({ steps: values.map((_, index) => index * 3), values }));

test("a thinned curve keeps its extremes and its last point, and has no more points than asked for", () => {
  fc.assert(
    fc.property(anyCurve, fc.integer({ min: 3, max: 50 }), (curve, most) => {
      const thin = thinCurve(curve, most);
      expect(thin.steps.length).toBeLessThanOrEqual(most);
      expect(thin.steps).toEqual([...new Set(thin.steps)].sort((a, b) => a - b));
      expect(Math.min(...thin.values)).toBe(Math.min(...curve.values));
      expect(Math.max(...thin.values)).toBe(Math.max(...curve.values));
      expect(thin.steps.at(-1)).toBe(curve.steps.at(-1));
      for (const [index, step] of thin.steps.entries()) expect(thin.values[index]).toBe(curve.values[step / 3]);
    }),
  );
});

test("a curve of few points stays as it is", () => {
  const curve = { steps: [1, 2, 9], values: [5, 5, 5] };
  expect(thinCurve(curve, 3)).toEqual(curve);
});
