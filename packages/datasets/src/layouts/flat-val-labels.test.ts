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
