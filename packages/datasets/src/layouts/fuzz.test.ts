/**
 * Broken and hostile files: each reader refuses them by a DatasetError or reads them, takes no more memory than they give
 * cause for, and gives no sample a name that leads out of the data set.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Call, pickled, Tuple } from "@reluctant/pickle/testing";
import { uint32 } from "@reluctant/relu";
import { expect, onTestFinished, test } from "vitest";
import {
  below,
  type Files,
  gzipped,
  idxOf,
  npyOf,
  parquetOf,
  tarOf,
  zipOf,
  zstdOf,
} from "../../../../test/imports/data-files.ts";
import { DatasetError } from "../errors.ts";
import { requirePlainPath } from "../source.ts";
import type { FileTree } from "../tree/file-tree.ts";
import { folderTree } from "../tree/folder-tree.ts";
import { indexOf } from "../tree/path-index.ts";
import { tarTree } from "../tree/tar-tree.ts";
import { zipTree } from "../tree/zip-tree.ts";
import { cifarPickles } from "./cifar-pickle.ts";
import { flatVal } from "./flat-val.ts";
import { idx } from "./idx.ts";
import { imageFolders } from "./image-folders.ts";
import type { Layout } from "./layout.ts";
import { npz } from "./npz.ts";
import { parquetWithin } from "./parquet.ts";
import { webDataset } from "./web-dataset.ts";

/** What takes a second or two a reader; raise both to look deeper. Those that seek in files have each input written first. */
const inputs = 1_000;
const written = 300;

/** Files in memory as a tree: nothing is written for an input. */
function memoryTree(files: Files): FileTree {
  const index = indexOf(Object.keys(files), "memory");
  const bytesOf = (path: string): Uint8Array => {
    const content = files[path];
    if (content === undefined) throw new DatasetError("is missing", { file: path, fix: "restore it" });
    return Buffer.from(content);
  };
  return {
    root: "memory",
    list: async (folder) => index.list(folder),
    size: async (path) => bytesOf(path).length,
    async read(path, most) {
      const bytes = bytesOf(path);
      if (bytes.length > most) throw new DatasetError("is too large", { file: path, fix: "remove it" });
      return bytes;
    },
    async *stream(path) {
      yield bytesOf(path);
    },
    async *readAll(paths) {
      for (const path of paths) yield { path, bytes: bytesOf(path), file: path };
    },
    local: async () => null,
    place: (path) => path,
    fingerprint: async () => "memory",
  };
}

/** A few changes, drawn by the input's number: bytes, cuts, repeats, and numbers that are too large. */
function mutated(seed: Uint8Array, number: number): Buffer {
  let drawn = 0;
  const draw = (below: number) => uint32({ seed: number, stream: 77, index: drawn++ }) % Math.max(1, below);
  let bytes = Buffer.from(seed);
  for (let change = 0; change <= draw(3); change++) {
    const at = draw(bytes.length);
    const length = draw(16);
    switch (draw(6)) {
      case 0:
        bytes = bytes.subarray(0, at);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(draw(at + 1), at), bytes.subarray(at)]);
        break;
      case 3:
        bytes.fill(draw(2) ? 0xff : 0x00, at, Math.min(bytes.length, at + length));
        break;
      default:
        if (bytes.length > 0) bytes[at] = draw(256);
    }
  }
  return bytes;
}

type Outcome = { read: number } | { refused: DatasetError };

/** What detecting, planning, counting and reading come to. Anything thrown but a DatasetError is a fault of ours. */
async function outcome(layout: Layout, tree: FileTree): Promise<Outcome> {
  try {
    const detection = await layout.detect(tree);
    if (!detection || "lacks" in detection) return { read: 0 };
    const plan = await detection.plan({});
    await plan.count();
    let read = 0;
    for await (const { name } of plan.samples()) {
      requirePlainPath(name, { file: "sample" });
      read++;
    }
    return { read };
  } catch (error) {
    if (error instanceof DatasetError) return { refused: error };
    throw error;
  }
}

const mostMemory = 100 * 2 ** 20;

async function fuzz(made: (number: number) => Promise<Outcome>, count = inputs) {
  const before = process.memoryUsage().arrayBuffers;
  let [read, refused, most] = [0, 0, 0];
  for (let number = 0; number < count; number++) {
    const result = await made(number);
    if ("read" in result) read++;
    else {
      refused++;
      expect(result.refused.message.length).toBeLessThan(2_000);
    }
    if (number % 50 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(most).toBeLessThan(mostMemory);
  return { read, refused };
}

/** One of the files is another for each input. */
const changing = (files: Record<string, Uint8Array>) => (number: number) => {
  const paths = Object.keys(files);
  const path = paths[number % paths.length] as string;
  return { ...files, [path]: mutated(files[path] as Uint8Array, number) };
};

const gray = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(4, i)));
const labels = (count: number) => Buffer.from(Array.from({ length: count }, (_, i) => i % 2));

const inMemory: [what: string, layout: Layout, files: Record<string, Uint8Array>][] = [
  [
    "IDX files",
    idx,
    {
      "train-images-idx3-ubyte": idxOf([6, 2, 2], gray(6)),
      "train-labels-idx1-ubyte.gz": gzipped(idxOf([6], labels(6))),
      "t10k-images-idx3-ubyte": idxOf([2, 2, 2], gray(2)),
      "t10k-labels-idx1-ubyte": idxOf([2], labels(2)),
    },
  ],
  [
    "a flat val and its classes",
    flatVal,
    {
      "train/n00000001/1.JPEG": Buffer.from("x"),
      "train/n00000002/2.JPEG": Buffer.from("x"),
      "val/a.JPEG": Buffer.from("x"),
      "val/b.JPEG": Buffer.from("x"),
      "val/c.JPEG": Buffer.from("x"),
      "devkit/ground_truth.txt": Buffer.from("1\n2\n1\n"),
      "devkit/meta.mat": Buffer.concat([
        Buffer.alloc(128),
        Buffer.of(14, 0, 0, 0, 20, 0, 0, 0),
        Buffer.from("n00000001  n00000002 "),
      ]),
    },
  ],
];

test.each(inMemory)(`of %s ${inputs} are refused or read`, { timeout: 60_000 }, async (_, layout, files) => {
  const input = changing(files);
  const { read, refused } = await fuzz((number) => outcome(layout, memoryTree(input(number))));
  expect(read).toBeGreaterThan(inputs / 100);
  expect(refused).toBeGreaterThan(inputs / 10);
});

const dtype = new Call("numpy.dtype", ["u1", 0, 1], { state: new Tuple(3, "|", null, null, null, -1, -1, 0) });
const batch = pickled(
  new Map<string, unknown>([
    [
      "data",
      new Call("numpy.core.multiarray._reconstruct", [new Tuple(), new Tuple(0), Buffer.from("b")], {
        state: new Tuple(1, new Tuple(2, 3072), dtype, false, Buffer.alloc(6144)),
      }),
    ],
    ["labels", [3, 4]],
  ]),
  4,
);

test(`of CIFAR's pickles ${inputs} are refused or read, and nothing in them is run`, { timeout: 60_000 }, async () => {
  const names = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const files: Record<string, Uint8Array> = { "batches.meta": pickled(new Map([["label_names", names]])) };
  for (const name of ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"])
    files[name] = batch;
  // The pixels are most of a batch; what stands before and behind them is what is read.
  const input = (number: number) => {
    if (number % 3 === 0) return { ...files, "batches.meta": mutated(files["batches.meta"] as Uint8Array, number) };
    const at = batch.indexOf(Buffer.alloc(100));
    const [head, tail] = [mutated(batch.subarray(0, at), number), batch.subarray(at + 6144)];
    const pixels = Buffer.alloc(6144);
    const changed = number % 2 ? [head, pixels, tail] : [batch.subarray(0, at), pixels, mutated(tail, number)];
    return { ...files, data_batch_1: Buffer.concat(changed) };
  };
  const { read, refused } = await fuzz((number) => outcome(cifarPickles, memoryTree(input(number))));
  expect(read).toBeGreaterThan(inputs / 100);
  expect(refused).toBeGreaterThan(inputs / 4);
});

const image = Buffer.from("not decoded here");
const folders = { "train/a/1.png": image, "train/b/2.png": image, "val/a/3.png": image };
const shard = await tarOf({ "0.png": image, "0.cls": "0", "1.png": image, "1.json": '{"label": 1}' });
const arrays = zipOf({
  "x_train.npy": npyOf("|u1", [6, 2, 2], gray(6)),
  "y_train.npy": npyOf("<i2", [6], Buffer.from(Int16Array.of(0, 1, 0, 1, 0, 1).buffer)),
  "x_test.npy": npyOf("|u1", [2, 2, 2], gray(2)),
  "y_test.npy": npyOf("|u1", [2], labels(2)),
});
const table = parquetOf([image, image, image, image], [0, 1, 0, 1], ["a", "b"]);

/** Readers that seek in files or unpack them; each input is written in turn. */
const onDisk: [
  what: string,
  file: string,
  seed: Uint8Array,
  read: (folder: string, file: string) => Promise<Outcome>,
  beside: Files,
][] = [
  ["zip archives", "set.zip", zipOf(below("set", folders)), (_, file) => outcome(imageFolders, zipTree(file)), {}],
  ["tar archives", "set.tar", await tarOf(folders), (_, file) => outcome(imageFolders, tarTree(file)), {}],
  [
    "packed tar archives",
    "set.tgz",
    gzipped(await tarOf(folders)),
    (_, file) => outcome(imageFolders, tarTree(file)),
    {},
  ],
  [
    "Zstandard's frames",
    "set.tar.zst",
    zstdOf(await tarOf(folders)),
    (_, file) => outcome(imageFolders, tarTree(file)),
    {},
  ],
  ["NumPy's archives", "set.npz", arrays, (folder) => outcome(npz, folderTree(folder)), {}],
  [
    "WebDataset's shards",
    "set-train-0.tar",
    shard,
    (folder) => outcome(webDataset, folderTree(folder)),
    { "set-val-0.tar": shard },
  ],
];

async function fuzzFile(
  { name, seed, beside, count }: { name: string; seed: Uint8Array; beside: Files; count: number },
  read: (folder: string, file: string) => Promise<Outcome>,
) {
  const folder = await mkdtemp(join(tmpdir(), "fuzz-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(beside)) await writeFile(join(folder, path), content);
  const file = join(folder, name);
  const { refused } = await fuzz(async (number) => {
    await writeFile(file, mutated(seed, number));
    return read(folder, file);
  }, count);
  expect(refused).toBeGreaterThan(count / 10);
}

test.each(onDisk)(`of %s ${written} are refused or read`, { timeout: 120_000 }, (_, name, seed, read, beside) =>
  fuzzFile({ name, seed, beside, count: written }, read),
);

/** Some keep the library counting until its thread is ended: the 274th is the first of those. */
const tables = 280;
const briefly = parquetWithin(0.5);

test(`of Parquet's tables ${tables} are refused or read, or given up`, { timeout: 60_000 }, () =>
  fuzzFile({ name: "train.parquet", seed: table, beside: { "test.parquet": table }, count: tables }, (folder) =>
    outcome(briefly, folderTree(folder)),
  ),
);
