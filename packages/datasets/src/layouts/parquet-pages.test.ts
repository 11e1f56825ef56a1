import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressorsWithin } from "./parquet-pages.ts";

test("pages that are small each are refused once they make too much together", () => {
  const { GZIP } = compressorsWithin(100);
  const page = gzipSync(Buffer.alloc(40, 7));
  expect(GZIP?.(page, 40)).toEqual(Buffer.alloc(40, 7));
  GZIP?.(page, 40);
  expect(() => GZIP?.(page, 40)).toThrow("a group of rows has more than the 100 bytes that are read");
  expect(() => compressorsWithin(2 ** 40).GZIP?.(page, 2 ** 30)).toThrow("a page has more than the 268435456 bytes");
});

test("a page that unfolds to more than it says is refused", () => {
  expect(() => compressorsWithin(100).GZIP?.(gzipSync(Buffer.alloc(90)), 40)).toThrow(/larger than 40 bytes/);
});
