import { expect, test } from "vitest";
import { faultPosition } from "./body.ts";

test.each([
  ['{"a":}', 5],
  ['{"a":1,}', 7],
  ["[1 2]", 3],
  ["nul", 3],
  ["nope", 1],
  ['{"a":"b', 7],
  ['{"a', 3],
  ["", 0],
  ['{"a":NaN}', 5],
  [`{"a":"${"x".repeat(100_000)}" "b"}`, 100_008],
])("%.20s stops being JSON at %i", (text, position) => {
  expect(faultPosition(text)).toBe(position);
});
