/** Each row of "What is refused" in docs/data-sets.md, as a worker tells it, or `inspect` of what a worker passes over. */
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnusableDataset } from "@reluctant/contracts";
import { inspectDataset, prepareAll } from "@reluctant/datasets";
import { Call, pickled } from "@reluctant/pickle/testing";
import sharp from "sharp";
import { expect, onTestFinished, test } from "vitest";
import {
  below,
  color,
  type Files,
  folderOf,
  idxOf,
  image,
  npyOf,
  parquetOf,
  tarOf,
  writeFiles,
  zipOf,
} from "./data-files.ts";

const pets = { cat: 0, dog: 1 };
const train = await folderOf("set/train", pets);
const val = await folderOf("set/val", pets, { count: 2, other: 1 });
const sound = { ...train, ...val };
const two = (count: number) => Buffer.from(Array.from({ length: count }, (_, i) => i % 2));
const gray = (count: number) => Buffer.alloc(16 * count, 7);
const one = await image(color(1, 1));
const pair = (key: string, label: string) => ({ [`${key}.png`]: one, [`${key}.cls`]: label });
const cifar = Object.fromEntries(
  [1, 2, 3, 4, 5].map((number) => [`set/data_batch_${number}.bin`, Buffer.alloc(3_073)] as const),
);
const wide = await sharp({ create: { width: 6, height: 4, channels: 3, background: "red" } })
  .png()
  .toBuffer();
/** Beside each, for without any the generated data set would be made. */
const fine = below("fine", Object.fromEntries(Object.entries(sound).map(([path, bytes]) => [path.slice(4), bytes])));

interface Made {
  files: Files;
  links?: Readonly<Record<string, string>>;
  /** Set of what is nobody's data set in a data folder, and told of by `inspect`. */
  inspected?: string;
}

const made: Readonly<Record<string, () => Promise<Made> | Made>> = {
  "no part to test on": () => ({ files: train }),
  "classes, but no parts": async () => ({ files: await folderOf("set", pets) }),
  "nothing that is known": () => ({ files: { "set/data.lmdb": "x" } }),
  "an archive of another kind": () => ({
    files: { "set.tar.xz": Buffer.from("\xfd7zXZ\0 and more", "latin1") },
    inspected: "set.tar.xz",
  }),
  "a held-out part without labels": () => ({ files: { ...train, "set/val/0.png": one } }),
  "a class without a train image": () => ({
    files: {
      "set.npz": zipOf({
        "x_train.npy": npyOf("|u1", [20, 4, 4], gray(20)),
        "y_train.npy": npyOf("|u1", [20], Buffer.alloc(20)),
        "x_test.npy": npyOf("|u1", [2, 4, 4], gray(2)),
        "y_test.npy": npyOf("|u1", [2], two(2)),
      }),
    },
  }),
  "a single class": async () => ({
    files: { ...(await folderOf("set/train", { cat: 0 })), ...(await folderOf("set/val", { cat: 0 }, { count: 1 })) },
  }),
  "images of many sizes": () => ({ files: { ...sound, "set/train/cat/wide.png": wide } }),
  "too many broken images": () => ({ files: { ...sound, "set/train/cat/torn.png": "x" } }),
  "a link out of the data folder": () => ({ files: sound, links: { "set/train/cat/out.png": "/etc/hostname" } }),
  "a link in a circle": () => ({ files: sound, links: { "set/train/cat/round": ".." } }),
  "settings that are none": () => ({ files: { ...sound, "set.preprocess.json": '{"resize": 8}' } }),
  "val for validation, without test": () => ({
    files: { ...sound, "set.preprocess.json": '{"validation": "val"}' },
  }),
  "a cut CIFAR file": () => ({
    files: { ...cifar, "set/batches.meta.txt": Array.from({ length: 10 }, (_, i) => `class ${i}\n`).join("") },
  }),
  "a pickle that names what is not data": () => ({
    files: {
      ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`set/data_batch_${n}`, pickled(new Call("os.system", ["x"]))])),
      "set/test_batch": "x",
      "set/batches.meta": "x",
    },
  }),
  "labels of another number": () => ({
    files: {
      "set/train-images-idx3-ubyte": idxOf([30, 4, 4], gray(30)),
      "set/train-labels-idx1-ubyte": idxOf([29], two(29)),
      "set/t10k-images-idx3-ubyte": idxOf([4, 4, 4], gray(4)),
      "set/t10k-labels-idx1-ubyte": idxOf([4], two(4)),
    },
  }),
  "a table of several that lacks": () => ({
    files: {
      "set/train-00000-of-00002.parquet": parquetOf([one, one], [0, 1], ["cat", "dog"]),
      "set/test-00000-of-00001.parquet": parquetOf([one, one], [0, 1], ["cat", "dog"]),
    },
  }),
  "a gap between shards": async () => ({
    files: {
      "n-train-0.tar": await tarOf(pair("a", "0")),
      "n-train-2.tar": await tarOf(pair("b", "1")),
      "n-val-0.tar": await tarOf(pair("c", "1")),
    },
  }),
  "labels of two kinds in shards": async () => ({
    files: {
      "n-train-0.tar": await tarOf({ ...pair("a", "0"), ...pair("b", "dog") }),
      "n-val-0.tar": await tarOf(pair("c", "0")),
    },
  }),
  "the other half of two archives": () => ({ files: { "n-train.tar.gz": "x" } }),
};

const document = await readFile(join(import.meta.dirname, "../../docs/data-sets.md"), "utf8");
const [, table = ""] = /\n\| what lies there +\| what is said[^\n]*\n\|[-| ]+\n((?:\|[^\n]*\n)+)/.exec(document) ?? [];
const rows = table
  .trimEnd()
  .split("\n")
  .map((row) => row.split("|").map((cell) => cell.trim()))
  .map(([, what = "", said = ""]) => [what, said.replaceAll("`", "")] as const);

test("every case is a row of the document, and every row a case", () => {
  expect(rows.map(([what]) => what).sort()).toEqual(Object.keys(made).sort());
});

test.each(rows)("%s is refused: %s", async (what, said) => {
  const root = await mkdtemp(join(tmpdir(), "reluctant-refused-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const { files, links = {}, inspected } = await (made[what] as () => Made | Promise<Made>)();
  const data = join(root, "data");
  await writeFiles(data, { ...fine, ...files });
  for (const [path, to] of Object.entries(links)) await symlink(to, join(data, path));
  const told = inspected ? await toldOf(join(data, inspected)) : await toldIn(data, join(root, "cache"));
  const pattern = said.split("…").map((part) => part.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  expect(told).toMatch(new RegExp(pattern.join("[^]*")));
});

const toldOf = (path: string): Promise<string> =>
  inspectDataset(path, { deep: false }).then(
    () => "",
    (error: Error) => error.message,
  );

async function toldIn(data: string, cacheDir: string): Promise<string> {
  const unusable: UnusableDataset[] = [];
  const readers = await prepareAll({ folders: [data], cacheDir, onUnusable: (dataset) => unusable.push(dataset) });
  for (const reader of readers) await reader.close();
  return unusable.map(({ reason, fix }) => `${reason}; ${fix}`).join("\n");
}
