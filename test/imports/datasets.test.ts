/** Data sets as labs have them on disks: each layout is found, planned and prepared as what it is. */
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UnusableDataset } from "@reluctant/contracts";
import {
  type DatasetReader,
  type Inspection,
  inspectDataset,
  type PrepareProgress,
  prepareAll,
} from "@reluctant/datasets";
import { Call, pickled, Tuple } from "@reluctant/pickle/testing";
import { expect, onTestFinished, test } from "vitest";
import {
  below,
  color,
  type Files,
  folderOf,
  gzipped,
  idxOf,
  image,
  npyOf,
  parquetOf,
  tarOf,
  writeFiles,
  zipOf,
  zstdOf,
} from "./data-files.ts";

interface Read {
  inspection: Inspection;
  reader: DatasetReader;
}

/** Writes files into a data folder, and both looks at the data set called `set` in it and prepares it. */
async function read(files: Files, path = "set"): Promise<Read> {
  const { root, data } = await folder(files);
  const inspection = await inspectDataset(join(data, path), { deep: true });
  const unusable: UnusableDataset[] = [];
  const readers = await prepareAll({
    folders: [data],
    cacheDir: join(root, "cache"),
    onUnusable: (found) => unusable.push(found),
  });
  for (const reader of readers) onTestFinished(() => reader.close());
  const reader = readers.find(({ name }) => name === inspection.name);
  if (!reader) throw new Error(unusable.map(({ name, reason }) => `${name}: ${reason}`).join("\n"));
  expect(inspection.deep?.version).toBe(reader.version);
  for (const split of ["train", "validation", "test"] as const)
    expect([split, reader.size(split)]).toEqual([split, inspection.splits[split]]);
  expect(reader.classes).toEqual(inspection.classes.map(({ name }) => name));
  return { inspection, reader };
}

/** Looks at every image of a data set: its version says names, classes, splits and bytes of all. */
async function look(files: Files, path = "set"): Promise<Inspection> {
  const { data } = await folder(files);
  return inspectDataset(join(data, path), { deep: true });
}

async function folder(files: Files) {
  const root = await mkdtemp(join(tmpdir(), "reluctant-layouts-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const data = join(root, "data");
  await writeFiles(data, files);
  return { root, data };
}

/** Of each test image its label, and the first pixel. */
async function tested(reader: DatasetReader) {
  const size = reader.size("test");
  const { labels, images } = await reader.batch(
    "test",
    Uint32Array.from({ length: size }, (_, index) => index),
  );
  const each = images.length / size;
  return [...labels].map((label, index) => [label, ...images.subarray(index * each, index * each + 3)]);
}

const pets = { cat: 0, dog: 1 };
const train = await folderOf("set/train", pets);
const heldOut = (folder: string, other = 1, classes: Record<string, number> = pets) =>
  folderOf(folder, classes, { count: 2, other });
const colorsOf = (other: number) => [
  [0, 0, 0, other],
  [0, 0, 1, other],
  [1, 1, 0, other],
  [1, 1, 1, other],
];

/** The version of the plain layout, which others of the same images share. */
const plain = await (async () => {
  const root = await mkdtemp(join(tmpdir(), "reluctant-layouts-"));
  try {
    await writeFiles(root, { ...train, ...(await heldOut("set/val")) });
    return (await inspectDataset(join(root, "set"), { deep: true })).deep?.version;
  } finally {
    await rm(root, { recursive: true });
  }
})();

const renamed = (files: Files, from: string, to: string): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [path.replace(from, to), content]));

test.each([
  ["valid", "set/train", "set/valid"],
  ["Validation", "set/Train", "set/Validation"],
  ["test", "set/train", "set/test"],
  ["numbers before them", "set/01_train", "set/02-val"],
  ["numbers behind them", "set/train2012", "set/val2012"],
  ["a folder around them", "set/data/train", "set/data/val"],
  ["two folders around them", "set/set-v1.0/images/training", "set/set-v1.0/images/testing"],
])("image folders with %s are the same data set", async (_, trainFolder, valFolder) => {
  const files = { ...renamed(train, "set/train", trainFolder), ...(await heldOut(valFolder)) };
  const { layout, deep } = await look(files);
  expect(layout).toMatch(/^train\/CLASS\/IMAGE/);
  expect(deep?.version).toBe(plain);
});

test("of val and test, both with classes, test is the test part, and val is left out with a word", async () => {
  const files = { ...train, ...(await heldOut("set/val", 7)), ...(await heldOut("set/test", 9)) };
  const { inspection, reader } = await read(files);
  expect(inspection.splits).toEqual({ train: 18, validation: 2, test: 4 });
  expect(inspection.leftOut).toEqual([
    { why: expect.stringMatching(/^val is left out: .*"validation": "val"/), count: 4, example: "val/cat/0.png" },
  ]);
  expect(await tested(reader)).toEqual(colorsOf(9));
});

test("val is the validation part, and train is whole, where NAME.preprocess.json says so: another version", async () => {
  const files = { ...train, ...(await heldOut("set/val", 7)), ...(await heldOut("set/test", 9)) };
  const split = await look(files);
  const { inspection, reader } = await read({ ...files, "set.preprocess.json": '{"validation": "val"}' });
  expect(inspection.splits).toEqual({ train: 20, validation: 4, test: 4 });
  expect(inspection.leftOut).toEqual([]);
  expect(reader.version).not.toBe(split.deep?.version);
  const { images } = await reader.batch("validation", Uint32Array.of(0));
  expect(images[2]).toBe(7);
});

test("a test folder without labels, other classes' images, notes and system's files are left out, each with a word", async () => {
  const files = {
    ...train,
    ...(await heldOut("set/val", 1, { ...pets, bird: 5 })),
    "set/test/0.png": await image(color(9, 9)),
    "set/test/1.png": await image(color(9, 8)),
    "set/README.md": "notes",
    "set/train/classes.txt": "cat dog",
    "set/train/cat/photo.heic": "x",
    "set/train/cat/.DS_Store": "x",
    "set/train/dog/Thumbs.db": "x",
    "set/__MACOSX/train/cat/._0.png": "x",
  };
  const inspection = await look(files);
  expect(inspection.deep?.version).toBe(plain);
  expect(inspection.leftOut.map(({ why, count }) => [why, count])).toEqual([
    ["in no class's folder: it has no label", 2],
    [".heic is not read: convert it to PNG", 1],
    ["no image", 1],
    ["its class is not in train", 2],
  ]);
});

test("classes without a held-out image are kept, and told", async () => {
  const { inspection, reader } = await read({ ...train, ...(await heldOut("set/val", 1, { dog: 1 })) });
  expect(reader.size("test")).toBe(2);
  expect(inspection.notes).toEqual(["1 class has no test image: cat"]);
});

test("names with spaces and of any script are names, and WebP is read", async () => {
  const names = { "großer Hund": 0, 猫: 1 };
  const path = (name: string, number: number) => `${name}/Bild ${number} – ñ.png`;
  const files = {
    ...(await folderOf("set/train", names, { path })),
    ...(await folderOf("set/val", names, { path, count: 1, other: 3 })),
    "set/val/猫/zuletzt.webp": await image(color(1, 7, 3), "webp"),
  };
  const { reader, inspection } = await read(files);
  expect(reader.classes).toEqual(["großer Hund", "猫"]);
  expect((await tested(reader)).map(([label]) => label)).toEqual([0, 1, 1]);
  expect(inspection.images.kinds["WEBP, 8-bit RGB"]).toBe(1);
});

test("links are followed within the data folder, and one that leads out refuses the set", async () => {
  const { root, data } = await folder({ ...train, ...(await heldOut("other/val")), "outside/x.png": "x" });
  await symlink(join(data, "other/val"), join(data, "set/val"));
  await symlink("0.png", join(data, "set/train/cat/again.png"));
  await symlink("..", join(data, "set/train/dog/circle"));
  await expect(inspectDataset(join(data, "set"), { deep: false })).rejects.toThrow(/circle: is a link in a circle/);
  await rm(join(data, "set/train/dog/circle"));
  const { splits, deep } = await inspectDataset(join(data, "set"), { deep: true });
  expect(splits).toEqual({ train: 19, validation: 2, test: 4 });
  expect(deep?.duplicates.length).toBeLessThanOrEqual(1);
  await writeFiles(root, { "secret.png": "x" });
  await symlink(join(root, "secret.png"), join(data, "set/train/cat/out.png"));
  await expect(inspectDataset(join(data, "set"), { deep: false })).rejects.toThrow(
    /out\.png: is a link that leads out of the data folder; links are followed inside the data folder only/,
  );
});

test.each<[string, (files: Files) => Promise<[string, Uint8Array]>]>([
  ["a zip archive", async (files) => ["set.zip", zipOf(files)]],
  ["a tar archive", async (files) => ["set.tar", await tarOf(files)]],
  ["a .tgz", async (files) => ["set.tgz", gzipped(await tarOf(files))]],
  ["a .tar.zst", async (files) => ["set.tar.zst", zstdOf(await tarOf(files))]],
])("%s of image folders is the same data set, and nothing is unpacked by hand", async (_, packed) => {
  const long = `set/val/dog/${"x".repeat(120)}.txt`; // takes another kind of header in a tar archive
  const files = { ...train, ...(await heldOut("set/val")), "__MACOSX/x": "", [long]: "a note" };
  const [path, archive] = await packed(below("around", files));
  const { inspection, reader } = await read({ [path]: archive }, path);
  expect(reader.version).toBe(plain);
  expect(inspection.leftOut).toEqual([{ why: "no image", count: 1, example: long.slice(4) }]);
});

test("Tiny-ImageNet is one data set, with val as its archive has it and sorted into folders", async () => {
  const wnids = { n01: 0, n02: 1 };
  const images = (folder: string, count: number, other: number) =>
    folderOf(folder, wnids, { count, other, path: (name, number) => `${name}/images/${name}_${number}.JPEG` });
  const common = {
    ...(await images("set/train", 10, 0)),
    "set/train/n01/n01_boxes.txt": "",
    "set/wnids.txt": "n01\nn02\n",
    "set/test/images/test_0.JPEG": await image(color(9, 9)),
  };
  const sorted = await images("set/val", 2, 1);
  const flat = Object.fromEntries(
    Object.entries(sorted).map(([path, content]) => [path.replace(/val\/n0\d\//, "val/"), content]),
  );
  const lines = Object.keys(flat).map((path) => path.split("/").at(-1) as string);
  const annotations = lines.map((name) => `${name}\t${name.slice(0, 3)}\t0\t0\t9\t9\n`).join("");
  const asPacked = await look({ ...common, ...flat, "set/val/val_annotations.txt": annotations });
  const asSorted = await look({ ...common, ...sorted });
  expect(asPacked.layout).toMatch(/^Tiny-ImageNet's own/);
  expect(asSorted.layout).toMatch(/^train\/CLASS/);
  expect(asSorted.deep?.version).toBe(asPacked.deep?.version);
  expect(asPacked.leftOut).toEqual([
    { why: expect.stringMatching(/no labels/), count: 1, example: "test/images/test_0.JPEG" },
  ]);
});

/** What MATLAB writes of a table whose texts are two bytes a character, in one element. */
function metaMat(wnids: readonly string[]): Buffer {
  const texts = Buffer.from(wnids.join("ab "), "utf16le");
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(14, 0);
  tag.writeUInt32LE(texts.length, 4);
  return Buffer.concat([Buffer.alloc(128), tag, texts]);
}

const synsets = { n01440764: 0, n01443537: 1 };
const flatVal = async () => ({
  ...(await folderOf("set/train", synsets, { path: (name, number) => `${name}/${name}_${number}.JPEG` })),
  "set/val/ILSVRC2012_val_00000001.JPEG": await image(color(1, 1, 4)),
  "set/val/ILSVRC2012_val_00000002.JPEG": await image(color(0, 2, 4)),
  "set/val/ILSVRC2012_val_00000003.JPEG": await image(color(1, 3, 4)),
});
const byNumber: Files = {
  "set/ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt": "1\n2\n1\n",
  "set/ILSVRC2012_devkit_t12/data/meta.mat": metaMat(["n01443537", "n01440764"]), // in an order of its own
};

test.each<[string, Files]>([
  ["its devkit beside", byNumber],
  [
    "Kaggle's solution beside",
    {
      "set/LOC_val_solution.csv":
        "ImageId,PredictionString\nILSVRC2012_val_00000003,n01443537 1 2 3 4\nILSVRC2012_val_00000001,n01443537 1 2 3 4\nILSVRC2012_val_00000002,n01440764 1 2 3 4\n",
    },
  ],
  ["a class a line", { "set/imagenet_2012_validation_synset_labels.txt": "n01443537\nn01440764\nn01443537\n" }],
  [
    "names and numbers of classes",
    {
      "set/val.txt": "ILSVRC2012_val_00000001.JPEG 1\nILSVRC2012_val_00000002.JPEG 0\nILSVRC2012_val_00000003.JPEG 1\n",
    },
  ],
])("ImageNet's flat val with %s is read as if it were sorted", async (_, labels) => {
  const files = await flatVal();
  const { reader, inspection } = await read({ ...files, ...labels });
  expect(inspection.layout).toMatch(/^ImageNet's own/);
  expect((await tested(reader)).map(([label, red]) => [label, red])).toEqual([
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  const sorted = Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      path.replace(/val\/(.*(?:1|3)\.JPEG)/, "val/n01443537/$1").replace(/val\/(.*2\.JPEG)$/, "val/n01440764/$1"),
      content,
    ]),
  );
  expect((await look(sorted)).deep?.version).toBe(reader.version);
  const streamed = { "set.preprocess.json": '{"resize": 4, "crop": 4, "streamed": true}' };
  const [flat, inFolders] = [await look({ ...files, ...labels, ...streamed }), await look({ ...sorted, ...streamed })];
  expect(flat.deep?.version).toBe(inFolders.deep?.version);
});

test("a flat val without its classes is told, with what lacks", async () => {
  const { data } = await folder(await flatVal());
  await expect(inspectDataset(join(data, "set"), { deep: false })).rejects.toThrow(
    /set: has no held-out image with a label \(val\/\S+ and 2 more: in no class's folder.*or put ImageNet's devkit/,
  );
});

/** 30 images of ten classes as the rows of an array, three planes each: red is the class. */
const rows = (count: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) => Buffer.concat([i % 10, i, 5].map((value) => Buffer.alloc(1024, value)))),
  );
const labels = (count: number) => Array.from({ length: count }, (_, i) => i % 10);
const dtype = new Call("numpy.dtype", ["u1", 0, 1], { state: new Tuple(3, "|", null, null, null, -1, -1, 0) });
const arrayOf = (count: number, protocol: 2 | 4) =>
  new Call("numpy.core.multiarray._reconstruct", [new Tuple(), new Tuple(0), Buffer.from("b")], {
    state: new Tuple(
      1,
      new Tuple(count, 3072),
      dtype,
      false,
      protocol === 2 ? rows(count).toString("latin1") : rows(count),
    ),
  });
type Keys = (name: string) => unknown;
const batch = (count: number, protocol: 2 | 4, key: string, named: Keys) => {
  return pickled(
    new Map<unknown, unknown>([
      [named("data"), arrayOf(count, protocol)],
      [named(key), labels(count)],
    ]),
    protocol,
  );
};

test.each<[string, 2 | 4, Keys]>([
  ["Python 2", 2, (name) => name],
  ["Python 3", 4, Buffer.from],
  ["Python 3 for Python 2", 2, (name) => new Call("_codecs.encode", [name, "latin1"])],
])("CIFAR-10's pickles of %s are read without running them", async (_, protocol, keys) => {
  const names = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const files: Record<string, Uint8Array> = {
    "cifar-10-batches-py/batches.meta": pickled(new Map([["label_names", names]]), protocol),
    "cifar-10-batches-py/test_batch": batch(10, protocol, "labels", keys),
  };
  for (const number of [1, 2, 3, 4, 5])
    files[`cifar-10-batches-py/data_batch_${number}`] = batch(10, protocol, "labels", keys);
  const { reader } = await read(files, "cifar-10-batches-py");
  expect(reader.name).toBe("cifar10");
  expect(reader.classes).toEqual(names);
  expect(await tested(reader)).toEqual(labels(10).map((label) => [label, label, label, 5]));
});

const gray = (count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(16, 10 * (i % 2) + 3)));
const two = (count: number) => Buffer.from(Array.from({ length: count }, (_, i) => i % 2));

test.each([
  ["plain", "", (bytes: Buffer) => bytes],
  ["gzipped", ".gz", gzipped],
])("MNIST's files, %s, become three splits of RGB images", async (_, end, packed) => {
  const { reader } = await read({
    [`set/raw/train-images-idx3-ubyte${end}`]: packed(idxOf([30, 4, 4], gray(30))),
    [`set/raw/train-labels-idx1-ubyte${end}`]: packed(idxOf([30], two(30))),
    [`set/raw/t10k-images-idx3-ubyte${end}`]: packed(idxOf([4, 4, 4], gray(4))),
    [`set/raw/t10k-labels-idx1-ubyte${end}`]: packed(idxOf([4], two(4))),
  });
  expect(reader.classes).toEqual(["0", "1"]);
  expect(reader.inputShape).toEqual([4, 4, 3]);
  expect(await tested(reader)).toEqual([
    [0, 3, 3, 3],
    [0, 3, 3, 3],
    [1, 13, 13, 13],
    [1, 13, 13, 13],
  ]);
});

const wide = (count: number) => Buffer.from(BigInt64Array.from(two(count), BigInt).buffer);

test.each<[string, Files]>([
  [
    "Keras' names in one file",
    {
      "set.npz": zipOf({
        "x_train.npy": npyOf("|u1", [30, 4, 4], gray(30)),
        "y_train.npy": npyOf("<i8", [30], wide(30)),
        "x_test.npy": npyOf("|u1", [4, 4, 4], gray(4)),
        "y_test.npy": npyOf("<i8", [4], wide(4)),
      }),
    },
  ],
  [
    "MedMNIST's names and a val part",
    {
      "set.npz": zipOf({
        "train_images.npy": npyOf("|u1", [30, 4, 4], gray(30)),
        "train_labels.npy": npyOf("|u1", [30, 1], two(30)),
        "val_images.npy": npyOf("|u1", [2, 4, 4], gray(2)),
        "val_labels.npy": npyOf("|u1", [2, 1], two(2)),
        "test_images.npy": npyOf("|u1", [4, 4, 4], gray(4)),
        "test_labels.npy": npyOf("|u1", [4, 1], two(4)),
      }),
    },
  ],
  [
    "a file a part",
    {
      "set.npz/train.npz": zipOf({
        "images.npy": npyOf("|u1", [30, 4, 4, 1], gray(30)),
        "labels.npy": npyOf("<f4", [30], Buffer.from(Float32Array.from(two(30)).buffer)),
      }),
      "set.npz/test.npz": zipOf({
        "images.npy": npyOf("|u1", [4, 4, 4, 1], gray(4)),
        "labels.npy": npyOf(
          ">i2",
          [4],
          Buffer.from(two(4)).reduce((all, label) => Buffer.concat([all, Buffer.of(0, label)]), Buffer.alloc(0)),
        ),
      }),
    },
  ],
])("NumPy's arrays with %s become three splits", async (_, files) => {
  const { reader } = await read(files, "set.npz");
  expect(reader.classes).toEqual(["0", "1"]);
  expect((await tested(reader)).map(([label, red]) => [label, red])).toEqual([
    [0, 3],
    [0, 3],
    [1, 13],
    [1, 13],
  ]);
});

/** Pairs of a shard. */
async function pairs(from: number, count: number, label: (i: number) => Files): Promise<Files> {
  const files: Record<string, string | Uint8Array> = {};
  for (let i = from; i < from + count; i++) {
    const key = `${i}`.padStart(3, "0");
    files[`${key}.png`] = await image(color(i % 2, i, 2));
    for (const [extension, content] of Object.entries(label(i))) files[`${key}.${extension}`] = content;
  }
  return files;
}

test.each<[string, (i: number) => Files, string[]]>([
  ["numbers in JSON", (i) => ({ json: JSON.stringify({ label: i % 2, width: 4 }) }), ["00000", "00001"]],
  ["names in text", (i) => ({ txt: i % 2 ? "ein Hund" : "a cat" }), ["a cat", "ein Hund"]],
  ["a segmentation beside", (i) => ({ cls: `${i % 2}`, "seg.png": "x", txt: "a caption" }), ["00000", "00001"]],
])("WebDataset's shards with %s are read", async (_, label, classes) => {
  const { reader } = await read({
    "set/train/000001.tar": await tarOf(await pairs(0, 10, label)),
    "set/train/000002.tar": await tarOf(await pairs(10, 10, label)),
    "set/val/000001.tar": await tarOf(await pairs(20, 4, label)),
  });
  expect(reader.classes).toEqual(classes);
  expect((await tested(reader)).map(([given, red]) => [given, red])).toEqual([
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
});

test("WebDataset's keys may have dots, shards any packing, and the names of a val part beside test are told", async () => {
  const dotted = (from: number, count: number) =>
    pairs(from, count, (i) => ({ cls: `${i % 2}` })).then((files) => renamedKeys(files));
  const { reader, inspection } = await read(
    {
      "web-train-0000.tar.zst": zstdOf(await tarOf(await dotted(0, 10))),
      "web-train-0001.tgz": gzipped(await tarOf(await dotted(10, 10))),
      "web-val-0000.tar": await tarOf(await dotted(20, 2)),
      "web-test-0000.tar": await tarOf(await dotted(30, 4)),
      "set/none.txt": "",
    },
    "web-train-{0000..0001}.tar.zst",
  );
  expect(reader.name).toBe("web");
  expect(inspection.splits).toEqual({ train: 18, validation: 2, test: 4 });
  expect(inspection.leftOut).toHaveLength(1);
});

const renamedKeys = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`n01.v2.${path}`, content]));

test("Parquet as data hubs ship it is read, with its classes' names", async () => {
  const of = (from: number, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => image(color((from + i) % 2, from + i))));
  const { reader, inspection } = await read({
    "set/README.md": "---\n---",
    "set/data/train-00000-of-00002.parquet": parquetOf(await of(0, 20), [...two(20)], ["cat", "dog"]),
    "set/data/train-00001-of-00002.parquet": parquetOf(await of(20, 10), [...two(10)], ["cat", "dog"]),
    "set/data/test-00000-of-00001.parquet": parquetOf(await of(30, 4), [...two(4)], ["cat", "dog"]),
  });
  expect(inspection.layout).toMatch(/^Parquet/);
  expect(reader.classes).toEqual(["cat", "dog"]);
  expect((await tested(reader)).map(([label, red]) => [label, red])).toEqual([
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
});

test("an image of a hundred that is broken is left out and listed, and the version is that of the others", async () => {
  const many = await folderOf("set/train", pets, { count: 60 });
  const sound = { ...many, ...(await heldOut("set/val")) };
  const { root, data } = await folder({ ...sound, "set/train/cat/torn.png": "<html>no such image</html>" });
  const onUnusable = ({ name, reason }: UnusableDataset) => expect.fail(`${name}: ${reason}`);
  const told: unknown[] = [];
  const onProgress = ({ step, done, broken }: PrepareProgress) => step === "ready" && told.push({ done, broken });
  const [reader] = await prepareAll({ folders: [data], cacheDir: join(root, "cache"), onUnusable, onProgress });
  onTestFinished(() => reader?.close());
  expect(reader?.size("train")).toBe(108);
  expect(told).toEqual([{ done: 124, broken: 1 }]);
  const list = await readFile(join(root, "cache", reader?.version as string, "broken.txt"), "utf8");
  expect(list).toMatch(
    /^train\/cat\/torn\.png\t.*torn\.png: not a readable image \(it is neither JPEG, PNG nor WebP\)\n$/,
  );
  expect(reader?.version).toBe((await look(sound)).deep?.version);
  const { deep } = await inspectDataset(join(data, "set"), { deep: true });
  expect(deep?.version).toBe(reader?.version);
  expect(deep?.broken).toEqual([
    { file: expect.stringMatching(/torn\.png$/), reason: expect.stringMatching(/neither/) },
  ]);
});

test("what a streamed data set takes is told: places of images, and their files where an archive is packed", async () => {
  const files = { ...train, ...(await heldOut("set/val")) };
  const streamed = { "set.preprocess.json": '{"resize": 4, "crop": 4, "streamed": true}' };
  const bytesOf = async (path: string, of: Files) => (await look({ ...of, ...streamed }, path)).preparing?.bytes ?? 0;
  const inFolder = await bytesOf("set", files);
  expect(inFolder).toBe(24 * 24);
  expect(await bytesOf("set.tar", { "set.tar": await tarOf(files) })).toBe(inFolder);
  const images = Object.values(files).reduce((sum, { length }) => sum + length, 0);
  expect(await bytesOf("set.zip", { "set.zip": zipOf(files) })).toBeCloseTo(inFolder + images, 3);
});

test("images in two splits are told by a deep look", async () => {
  const files = { ...train, ...(await heldOut("set/val")), "set/val/cat/again.png": await image(color(0, 5)) };
  const [leak, ...others] = (await look(files)).deep?.duplicates ?? [];
  expect(others).toEqual([]);
  expect(leak).toMatchObject({ images: 1 });
  expect(leak?.examples[0]?.[1]).toBe("test/cat/again.png");
});
