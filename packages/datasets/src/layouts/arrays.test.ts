/** Arrays of images, however many axes they have, are read as the pixels that they hold, or refused. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Files, idxOf, npyOf, zipOf } from "../../../../test/imports/data-files.ts";
import type { Pixels } from "../source.ts";
import { folderTree } from "../tree/folder-tree.ts";
import { idx } from "./idx.ts";
import type { Layout } from "./layout.ts";
import { npz } from "./npz.ts";

/** Of each sample its part, its class and its pixels. */
async function read(layout: Layout, files: Files): Promise<[string, Pixels][]> {
  const root = await mkdtemp(join(tmpdir(), "arrays-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
  const detection = await layout.detect(folderTree(root));
  if (!detection || "lacks" in detection) throw new Error("the layout was not detected");
  const plan = await detection.plan({});
  const found: [string, Pixels][] = [];
  for await (const sample of plan.samples())
    found.push([sample.name.replace(/\/[^/]*$/, ""), await plan.decode(sample)]);
  return found;
}

const bytes = (count: number, from: number) => Buffer.from(Array.from({ length: count }, (_, i) => from + i));
const labels = (count: number) => bytes(count, 0);
const rgb = (values: Iterable<number>) => [...values].flatMap((value) => [value, value, value]);

test.each([
  [[2, 2, 3]],
  [[2, 2, 3, 1]], // one channel takes a fourth axis, and four bytes more of the header
])("MNIST's files with images along the axes %j are read from their first byte", async (shape) => {
  const found = await read(idx, {
    "train-images-idx3-ubyte": idxOf(shape, bytes(12, 10)),
    "train-labels-idx1-ubyte": idxOf([2], labels(2)),
    "t10k-images-idx3-ubyte": idxOf(shape, bytes(12, 50)),
    "t10k-labels-idx1-ubyte": idxOf([2], labels(2)),
  });
  expect(found.map(([name, { data, shape }]) => [name, ...shape, ...data])).toEqual([
    ["train/0", 2, 3, 3, ...rgb(bytes(6, 10))],
    ["train/1", 2, 3, 3, ...rgb(bytes(6, 16))],
    ["test/0", 2, 3, 3, ...rgb(bytes(6, 50))],
    ["test/1", 2, 3, 3, ...rgb(bytes(6, 56))],
  ]);
});

const arrays = (train: number[], test: number[]): Files => {
  const images = (shape: readonly number[]) => {
    const each = shape.slice(1).reduce((product, extent) => product * extent);
    return npyOf("|u1", shape, Buffer.concat([Buffer.alloc(each, 1), Buffer.alloc(each, 2)]));
  };
  return {
    "set.npz": zipOf({
      "x_train.npy": images(train),
      "y_train.npy": npyOf("|u1", [2], labels(2)),
      "x_test.npy": images(test),
      "y_test.npy": npyOf("|u1", [2], labels(2)),
    }),
  };
};

test("NumPy's images with channels first in one part and last in the other are refused", async () => {
  await expect(read(npz, arrays([2, 3, 8, 8], [2, 8, 8, 3]))).rejects.toThrow(
    /x_train\.npy: has its axes in another order than \S+x_test\.npy; save all as \[N, H, W, C\]/,
  );
  expect(await read(npz, arrays([2, 3, 8, 8], [2, 3, 8, 8]))).toHaveLength(4);
});

test("of gray images channels are first and last alike", async () => {
  const found = await read(npz, arrays([2, 1, 8, 8], [2, 8, 8, 1]));
  expect(found.map(([name, { data, shape }]) => [name, data[0], ...shape])).toEqual([
    ["train/0", 1, 8, 8, 3],
    ["train/1", 2, 8, 8, 3],
    ["test/0", 1, 8, 8, 3],
    ["test/1", 2, 8, 8, 3],
  ]);
});
