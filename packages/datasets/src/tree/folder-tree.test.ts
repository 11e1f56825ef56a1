/** Nothing outside of the data folder is read, whoever asks for it by whatever name. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { recognize } from "../layouts/index.ts";
import type { FileTree } from "./file-tree.ts";
import { folderTree } from "./folder-tree.ts";

/** A data set `set` in `data`, with a neighbor, and a folder `outside` of both. */
async function setup() {
  const root = await mkdtemp(join(tmpdir(), "folder-tree-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const folder of ["outside", "data/set/own", "data/other"]) {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, "file"), folder);
  }
  const link = (target: string, path: string) => symlink(join(root, target), join(root, "data/set", path));
  return { link, tree: folderTree(join(root, "data/set")) };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const ways: [string, (tree: FileTree, path: string) => Promise<unknown>][] = [
  ["size", async (tree, path) => (await tree.size(path)) > 0],
  ["read", async (tree, path) => Buffer.from(await tree.read(path, 100)).toString()],
  ["stream", async (tree, path) => all(tree.stream(path))],
  ["readAll", async (tree, path) => all(tree.readAll([path]))],
  ["local", (tree, path) => tree.local(path)],
];

test.each(ways)("%s follows links within the data folder, and none that leads out of it", async (_, ask) => {
  const { link, tree } = await setup();
  await link("outside/file", "stolen");
  await link("outside", "away");
  await link("data/other/file", "lent");
  await link("data/other", "near");
  for (const path of ["stolen", "away/file"])
    await expect(ask(tree, path)).rejects.toThrow(
      `${path}: is a link that leads out of the data folder; links are followed inside the data folder only`,
    );
  for (const path of ["own/file", "lent", "near/file"]) expect(await ask(tree, path)).toBeTruthy();
});

test("a folder out of the data folder is not listed, and one that is not there is empty", async () => {
  const { link, tree } = await setup();
  await link("outside", "away");
  await link("nowhere", "gone");
  await expect(tree.list("away")).rejects.toThrow(/away: is a link that leads out of the data folder/);
  expect(await tree.list("gone")).toEqual([]);
  expect(await tree.list("absent")).toEqual([]);
});

test.each([
  [["val"]],
  [["test"]],
  [["data_batch_1.bin", "batches.meta.txt"]],
  [["train.npz", "test.npz"]],
  [["train.parquet", "test.parquet"]],
])("a data set whose %j lead out of the data folder is refused", async (names) => {
  const { link, tree } = await setup();
  await link("data/other", "train");
  for (const name of names) await link("outside/file", name);
  const planned = async () => {
    const found = await recognize(tree);
    if ("plan" in found) await found.plan({});
  };
  await expect(planned()).rejects.toThrow(/is a link that leads out of the data folder/);
});
