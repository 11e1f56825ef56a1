import { expect, it } from "vitest";
import { mean, standardError } from "./statistics.ts";

it("gives the mean and its standard error, and no error for one value", () => {
  expect(mean([1, 2, 3])).toBe(2);
  expect(standardError([1, 2, 3])).toBeCloseTo(Math.sqrt(1 / 3), 12);
  expect(standardError([5])).toBeNull();
});
