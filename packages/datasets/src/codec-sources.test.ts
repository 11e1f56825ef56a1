import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sha256 } from "./files.ts";

const codec = join(import.meta.dirname, "../codec");

it("the codec is what its sources compiled to: npm run codec makes it anew", async () => {
  const noted = (await readFile(join(codec, "codec.sha256"), "utf8")).trim().split("\n");
  const files = noted.map((line) => line.slice(66));
  expect(files).toContain("resample.c");
  const found = files.map(async (file) => `${sha256(await readFile(join(codec, file)))}  ${file}`);
  expect(await Promise.all(found)).toEqual(noted);
});
