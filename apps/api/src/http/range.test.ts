import { expect, test } from "vitest";
import { parseRange } from "./range.ts";

test.each([
  ["bytes=0-0", { start: 0, end: 1 }],
  ["bytes=10-", { start: 10, end: 100 }],
  ["bytes=90-200", { start: 90, end: 100 }],
  ["bytes=-10", { start: 90, end: 100 }],
  ["bytes=-1000", { start: 0, end: 100 }],
])("%s of 100 bytes is one range", (header, range) => {
  expect(parseRange(header, 100)).toEqual(range);
});

test.each([[undefined], ["bytes=5-1"], ["bytes=-"], ["bytes=0-1,3-4"], ["lines=1-2"], ["bytes=a-b"]])(
  "%s is answered with all bytes",
  (header) => expect(parseRange(header, 100)).toBe("whole"),
);

test.each([["bytes=100-"], ["bytes=100-200"], ["bytes=-0"]])("%s lies outside of 100 bytes", (header) => {
  expect(parseRange(header, 100)).toBeNull();
});
