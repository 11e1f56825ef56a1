import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gzipped, zstdOf } from "../../../../test/imports/data-files.ts";
import { packingOf, unpacked } from "./packing.ts";

async function read(bytes: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), "packing-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "packed");
  await writeFile(file, bytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of unpacked(file)) pieces.push(piece);
  return { packing: await packingOf(file), content: Buffer.concat(pieces) };
}

const content = Buffer.from(Array.from({ length: 250_000 }, (_, i) => (i * i) % 251));
const notes = Buffer.concat([Buffer.of(0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0), Buffer.from("notes")]);

test.each([
  [null, content],
  ["gzip", gzipped(content)],
  ["zstd", zstdOf(content)],
  ["zstd", Buffer.concat([zstdOf(content.subarray(0, 70_000)), notes, zstdOf(content.subarray(70_000))])],
])("a file is unpacked by what its bytes say: %s", async (packing, bytes) => {
  const found = await read(bytes);
  expect(found.packing).toBe(packing);
  expect(found.content.equals(content)).toBe(true);
});

test("a frame that asks for gigabytes is refused before they are taken, the first one or a later one", async () => {
  const greedy = Buffer.from(zstdOf(content.subarray(0, 100)));
  greedy[5] = 0xa8; // 2 GB
  for (const bytes of [greedy, Buffer.concat([zstdOf(content), greedy])])
    await expect(read(bytes)).rejects.toThrow(/a frame needs a window of 2147483648 bytes/);
  const single = Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40, 1, 0, 0); // a gigabyte in one segment
  await expect(read(single)).rejects.toThrow(/a frame needs a window of 1073741824 bytes/);
});
