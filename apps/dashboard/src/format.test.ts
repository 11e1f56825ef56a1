import { describe, expect, test } from "vitest";
import { ago, duration, gpuTime, rate, sweepSize } from "./format.ts";

describe("numbers", () => {
  test.each([
    [0, "0 s"],
    [59.6, "1 min"],
    [95, "1 min 35 s"],
    [720, "12 min"],
    [3_599, "1 h"],
    [4_320, "1 h 12 min"],
    [273_600, "3 d 4 h"],
  ])("a duration of %d s is %s", (seconds, text) => expect(duration(seconds)).toBe(text));

  test.each([
    [-5, "now"],
    [9, "now"],
    [45, "45 s ago"],
    [185, "3 min ago"],
    [7_300, "2 h ago"],
    [200_000, "2 d ago"],
  ])("a time %d s ago is %s", (seconds, text) => expect(ago(0, seconds * 1_000)).toBe(text));

  test("rates, GPU time and sweeps carry their units", () => {
    expect([rate(312.4), rate(2.31), rate(null), rate(12_400)]).toEqual(["312 img/s", "2.3 img/s", "–", "12.4k img/s"]);
    expect([gpuTime(12), gpuTime(5_230)]).toEqual(["12 GPU-s", "1.45 GPU-h"]);
    expect(sweepSize({ methods: ["senet"], budgets: [1, 2], seeds: [1, 2, 3] })).toBe("1 × 2 × 3");
    expect(sweepSize({ methods: ["senet"], budgets: [], seeds: [1] })).toBe("1 × 1");
  });
});
