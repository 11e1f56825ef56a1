import { expect, test } from "vitest";
import { bytes, compact, milliseconds } from "./numbers.ts";

test.each([
  [0, "0"],
  [12.34, "12.3"],
  [999.7, "1k"],
  [48_213, "48.2k"],
  [999_999, "1M"],
  [1_500_000, "1.5M"],
  [4_089_184_256, "4.09G"],
])("%d is written %s", (value, text) => expect(compact(value)).toBe(text));

test.each([
  [512, "512 B"],
  [941_204, "941 kB"],
  [102_228_128, "102 MB"],
])("%d bytes are %s", (value, text) => expect(bytes(value)).toBe(text));

test.each([
  [0.04213, "0.0421 ms"],
  [87.31, "87.3 ms"],
  [999.9, "1 s"],
  [4_212, "4.21 s"],
])("%d milliseconds are %s", (value, text) => expect(milliseconds(value)).toBe(text));
