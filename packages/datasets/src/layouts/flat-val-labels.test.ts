/** A class a line is given to images in their order, which must be plain. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { folderTree } from "../tree/folder-tree.ts";
import { labelFileOf } from "./flat-val-labels.ts";

async function labelsOf(files: Readonly<Record<string, string | Uint8Array>>, images: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), "flat-val-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const labels = await labelFileOf(folderTree(root), "val");
  return labels?.of(images, ["cat", "dog"]);
}

test.each([
  [["1.jpg", "2.jpg", "10.jpg"], "10.jpg"],
  [["a9.jpg", "a100.jpg", "b1.jpg"], "a100.jpg"],
])("of %j, whose names sort otherwise than their numbers, a class a line is refused", async (images, moved) => {
  await expect(labelsOf({ "val_labels.txt": "cat\ndog\ncat\n" }, images)).rejects.toThrow(
    `val_labels.txt: has a class a line, but ${moved} stands in another place by its number than by its name; write a line`,
  );
  const named = images.map((name, i) => `${name} ${i % 2 ? "dog" : "cat"}\n`).join("");
  expect([...((await labelsOf({ "val_labels.txt": named }, images)) ?? [])]).toEqual(
    images.map((name, i) => [name, i % 2 ? "dog" : "cat"]),
  );
});

test.each([[["01.jpg", "02.jpg", "10.jpg"]], [["x1.jpg", "x2.jpg", "x3.jpg"]], [["B.jpg", "a.jpg", "c.jpg"]]])(
  "%j are in one order, and a class a line is theirs",
  async (images) => {
    const found = await labelsOf({ "val_labels.txt": "cat\ndog\ndog\n" }, images);
    expect([...(found?.values() ?? [])]).toEqual(["cat", "dog", "dog"]);
  },
);

/** A devkit's meta.mat of packed elements. */
const metaMat = (...elements: Uint8Array[]) =>
  Buffer.concat([
    Buffer.alloc(128),
    ...elements.flatMap((element) => {
      const tag = Buffer.alloc(8);
      tag.writeUInt32LE(15, 0);
      tag.writeUInt32LE(element.length, 4);
      return [tag, element];
    }),
  ]);

const half = deflateSync(Buffer.alloc(40 * 2 ** 20, "x")); // 40 KB

test.each([
  ["is damaged", metaMat(Buffer.from("no zlib")), /incorrect header check/],
  ["unfolds to more than its elements may", metaMat(half, half), /larger than \d+ bytes/],
])("a devkit whose meta.mat %s is refused by its name", async (_, mat, why) => {
  const files = { "devkit/ground_truth.txt": "1\n2\n", "devkit/meta.mat": mat };
  const refused = labelsOf(files, ["1.jpg", "2.jpg"]);
  await expect(refused).rejects.toThrow(/devkit\/meta\.mat: cannot be unpacked \(.*take the devkit's own$/);
  await expect(refused).rejects.toThrow(why);
});
