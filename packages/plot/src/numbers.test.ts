import { expect, test } from "vitest";
import { short } from "./numbers.ts";

test.each([
  [0, "0"],
  [12.34, "12.3"],
  [999.7, "1k"],
  [48_213, "48.2k"],
  [999_999, "1M"],
  [1_500_000, "1.5M"],
  [4_089_184_256, "4.09G"],
])("%d is written %s", (value, text) => expect(short(value)).toBe(text));
