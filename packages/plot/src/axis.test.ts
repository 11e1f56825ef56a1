import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logTicks } from "./axis.ts";

describe("log ticks", () => {
  test.each([
    [
      [900, 12_000],
      ["1k", "2k", "5k", "10k"],
    ],
    [
      [4_500, 70_000],
      ["5k", "10k", "20k", "50k"],
    ],
    [
      [10_000, 19_000],
      ["10k", "12k", "18k"],
    ],
    [
      [50, 900],
      ["50", "100", "200", "500"],
    ],
    [
      [1, 1e7],
      ["1", "10", "100", "1k", "10k", "100k", "1M", "10M"],
    ],
  ] as const)("of %j are %j", ([low, high], labels) => {
    const ticks = logTicks([low, high]).map((tick) => tick.label);
    for (const label of labels) expect(ticks).toContain(label);
    expect(ticks.length).toBeLessThanOrEqual(9);
  });

  test("lie in the domain, rise, and are two to ten, whatever the domain", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 1.5, max: 1e4, noNaN: true }), (low, ratio) => {
        const values = logTicks([low / 1.25, low * ratio]).map((tick) => tick.value);
        expect(values.length).toBeGreaterThanOrEqual(2);
        expect(values.length).toBeLessThanOrEqual(10);
        expect(values).toEqual([...values].sort((a, b) => a - b));
        for (const value of values) {
          expect(value).toBeGreaterThanOrEqual(low / 1.2500001);
          expect(value).toBeLessThanOrEqual(low * ratio * 1.0000001);
        }
      }),
    );
  });
});
