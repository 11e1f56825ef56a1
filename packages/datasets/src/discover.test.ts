import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import sharp from "sharp";
import { pack } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { discoverDatasets } from "./discover.ts";
import { type CifarForm, cifar10Form, cifar100Form, cifarBinary } from "./layouts/cifar.ts";
import { plannedSource } from "./layouts/layout.ts";
import { manifest, splitSizes, versionOf } from "./manifest.ts";
import { prepare } from "./prepare.ts";
import { prepareAll } from "./prepare-all.ts";
import type { DatasetSource } from "./source.ts";
import { folderTree } from "./tree/folder-tree.ts";

type Files = Record<string, string | Uint8Array>;

/** A folder of the test's own, and helpers that put data sets into it. */
async function setup() {
  const root = await mkdtemp(join(tmpdir(), "formats-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const write = async (files: Files) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
  };
  const tar = async (file: string, files: Files) => {
    const archive = pack();
    for (const [name, content] of Object.entries(files)) archive.entry({ name }, Buffer.from(content));
    archive.finalize();
    const packed = file.endsWith(".gz") ? createGzip() : new PassThrough();
    await pipeline(archive, packed, createWriteStream(join(root, file)));
  };
  const only = async (): Promise<DatasetSource> => {
    // The cache lies in it too.
    const [source, ...others] = (await discoverDatasets([root])).filter(({ name }) => name !== "cache");
    if (!source || others.length > 0) throw new Error(`${others.length + (source ? 1 : 0)} data sets were discovered`);
    return source;
  };
  const prepared = async (source: DatasetSource) => {
    const reader = await prepare({ source, manifest: await manifest(source), cacheDir: join(root, "cache") });
    onTestFinished(() => reader.close());
    return reader;
  };
  return { root, write, tar, only, prepared };
}

const png = (color: [number, number, number], width = 4, height = 4) =>
  sharp({ create: { width, height, channels: 3, background: { r: color[0], g: color[1], b: color[2] } } })
    .png()
    .toBuffer();

// CIFAR binary

/** CIFAR with 20 records a file and two classes. */
const small = (layout: CifarForm): CifarForm => ({
  ...layout,
  classes: 2,
  files: layout.files.map((file) => ({ ...file, records: 20 })),
});

/** Records whose last label byte alternates; red is 10 · class, green 7, blue the record's number. */
const records = (count: number, labelBytes: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, number) => {
      const label = number % 2;
      const labels = labelBytes === 1 ? [label] : [19, label];
      return Buffer.concat([Buffer.from(labels), ...[10 * label, 7, number].map((value) => Buffer.alloc(1024, value))]);
    }),
  );

async function smallCifar(layout: CifarForm) {
  const { root, write, prepared } = await setup();
  const files = Object.fromEntries(layout.files.map(({ name }) => [name, records(20, layout.labelBytes)]));
  await write({ ...files, [layout.classFile]: "cat\ndog\n\n" });
  const tree = folderTree(root);
  const detection = () => cifarBinary(small(layout)).detect(tree);
  const source = plannedSource("cifar", tree, async () => {
    const found = await detection();
    if (!found || "lacks" in found) throw new Error("the layout was not detected");
    return found.plan({});
  });
  return { root, write, prepared, source };
}

test.each([
  ["CIFAR-10", cifar10Form, { train: 90, validation: 10, test: 20 }],
  ["CIFAR-100 by its fine labels", cifar100Form, { train: 18, validation: 2, test: 20 }],
])("%s's binary files become images and labels", async (_, layout, sizes) => {
  const { source, prepared } = await smallCifar(layout);
  const described = await manifest(source);
  expect(described).toMatchObject({ classes: ["cat", "dog"], inputShape: [32, 32, 3] });
  expect(splitSizes(described)).toEqual(sizes);
  const batch = await (await prepared(source)).batch(
    "test",
    Uint32Array.from({ length: 20 }, (_, index) => index),
  );
  // Sorted by name: ten cats, the even records, before ten dogs.
  expect([...batch.labels]).toEqual([...new Array(10).fill(0), ...new Array(10).fill(1)]);
  expect([...batch.images.subarray(12 * 3072, 12 * 3072 + 6)]).toEqual([10, 7, 5, 10, 7, 5]);
});

test("CIFAR's folders are found under the names of the literature, and what lacks in them is told", async () => {
  const { root, write } = await setup();
  const cifar10 = Object.fromEntries(cifar10Form.files.map(({ name }) => [`cifar-10-batches-bin/${name}`, "x"]));
  await write({ ...cifar10, "cifar-10-batches-bin/batches.meta.txt": [..."abcdefghij"].join("\n") });
  await write({ "cifar-100-binary/train.bin": "x", "cifar-100-binary/test.bin": "x" });
  await truncate(join(root, "cifar-10-batches-bin/data_batch_1.bin"), 30_730_000); // sparse
  const broken: Record<string, string> = {};
  const readers = await prepareAll({
    folders: [root, "glyphs-small"],
    cacheDir: join(root, "cache"),
    onUnusable: ({ name, reason, fix }) => Object.assign(broken, { [name]: `${reason}; ${fix}` }),
  });
  for (const reader of readers) await reader.close();
  expect(broken).toEqual({
    cifar10: expect.stringMatching(
      /data_batch_2\.bin: has 1 bytes where CIFAR-10 has 30730000 \(10000 records of 3073/,
    ),
    cifar100: expect.stringMatching(/fine_label_names\.txt: is missing; CIFAR-100's archive holds it/),
  });
});

test("a folder that is called as plain objects' properties are gives its data set that name", async () => {
  const { write, only } = await setup();
  await write({ "constructor/train/a/1.png": await png([1, 2, 3]), "constructor/val/a/2.png": await png([4, 5, 6]) });
  expect((await only()).name).toBe("constructor");
});

test.each<[string, Files, RegExp]>([
  ["a cut file", { "train.bin": records(19, 2) }, /train\.bin: has 58406 bytes where CIFAR-100 has 61480/],
  ["too few class names", { "fine_label_names.txt": "cat\n" }, /fine_label_names\.txt: names 1 classes in 1 lines/],
  ["a class name with a path", { "fine_label_names.txt": "cat\n../dog\n" }, /"\.\.\/dog" is not a plain class name/],
  [
    "a label without a class",
    { "test.bin": Buffer.concat([records(2, 2), Buffer.from([0, 7]), Buffer.alloc(3072), records(17, 2)]) },
    /test\.bin at byte 6148: label 7, but CIFAR-100 has 2 classes/,
  ],
])("CIFAR with %s is refused", async (_, files, message) => {
  const { source, write } = await smallCifar(cifar100Form);
  await write(files);
  await expect(manifest(source)).rejects.toThrow(message);
});

// Tiny-ImageNet

/** Two classes of ten training images and two held-out ones, as the archive has them. */
async function tinyImageNet() {
  const context = await setup();
  const at = (path: string) => `tiny-imagenet-200/${path}`;
  const files: Files = {
    [at("wnids.txt")]: "n01\nn02\n",
    [at("words.txt")]: "n01\tgoldfish\n",
    [at("test/images/test_0.JPEG")]: "not read",
    [at("val/val_annotations.txt")]: "val_0.JPEG\tn02\t0\t0\t9\t9\nval_1.JPEG\tn01\t0\t0\t9\t9\n",
    [at("val/images/val_0.JPEG")]: await png([2, 0, 0]),
    [at("val/images/val_1.JPEG")]: await png([1, 0, 0]),
  };
  for (const wnid of ["n01", "n02"]) {
    files[at(`train/${wnid}/${wnid}_boxes.txt`)] = "";
    for (let i = 0; i < 10; i++)
      files[at(`train/${wnid}/images/${wnid}_${i}.JPEG`)] = await png([wnid === "n01" ? 1 : 2, i, 0]);
  }
  await context.write(files);
  return { ...context, at };
}

test("Tiny-ImageNet's own layout becomes three splits, the held-out classes read from its annotations", async () => {
  const { only, prepared } = await tinyImageNet();
  const source = await only();
  const described = await manifest(source);
  expect(described).toMatchObject({ name: "tiny-imagenet", classes: ["n01", "n02"] });
  expect(splitSizes(described)).toEqual({ train: 18, validation: 2, test: 2 });
  const batch = await (await prepared(source)).batch("test", Uint32Array.of(0, 1));
  expect([...batch.labels]).toEqual([0, 1]);
  expect([batch.images[0], batch.images[48]]).toEqual([1, 2]);
});

test.each<[string, Files, RegExp]>([
  [
    "a class of wnids.txt without a folder",
    { "wnids.txt": "n01\nn02\nn03\n" },
    /wnids\.txt: lists n03, but there is no folder/,
  ],
  ["a folder that wnids.txt does not list", { "wnids.txt": "n01\n" }, /train\/n02: is not listed in wnids\.txt/],
  ["an empty class", { "wnids.txt": "n01\nn02\nn03\n", "train/n03/images/.keep": "" }, /n03\/images: holds no images/],
  ["an image without annotation", { "val/images/val_2.JPEG": "x" }, /val_2\.JPEG: has no line in val_annotations\.txt/],
  [
    "an annotation without image",
    { "val/val_annotations.txt": "val_0.JPEG\tn02\nval_1.JPEG\tn01\nval_7.JPEG\tn01\n" },
    /val_annotations\.txt at byte 30: names val_7\.JPEG, which is not in images/,
  ],
  [
    "an annotation of another class",
    { "val/val_annotations.txt": "val_0.JPEG\tn09\n" },
    /at byte 0: val_0\.JPEG is of class n09/,
  ],
  [
    "a line of one field",
    { "val/val_annotations.txt": "val_0.JPEG\tn02\nval_1.JPEG\n" },
    /at byte 15: the line is not/,
  ],
  [
    "an image annotated twice",
    { "val/val_annotations.txt": "a.JPEG\tn02\na.JPEG\tn01\n" },
    /at byte 11: a\.JPEG has a second line/,
  ],
])("Tiny-ImageNet with %s is refused", async (_, files, message) => {
  const { only, write, at } = await tinyImageNet();
  await write(Object.fromEntries(Object.entries(files).map(([path, content]) => [at(path), content])));
  await expect(manifest(await only())).rejects.toThrow(message);
});

// WebDataset

/** `count` image and label pairs from number `from` on, labels alternating; red holds the label, green the number. */
async function pairs(from: number, count: number): Promise<Files> {
  const files: Files = {};
  for (let i = from; i < from + count; i++) {
    files[`s/${i}.jpg`] = await png([i % 2, i, 0]);
    files[`s/${i}.json`] = "{}";
    files[`s/${i}.cls`] = `${i % 2}\n`;
  }
  return files;
}

async function shards(extension = "tar") {
  const context = await setup();
  await context.tar(`web-train-000000.${extension}`, await pairs(0, 10));
  await context.tar(`web-train-000001.${extension}`, await pairs(10, 10));
  await context.tar(`web-val-000000.${extension}`, await pairs(20, 4));
  return context;
}

test.each(["tar", "tar.gz"])(
  "WebDataset shards (.%s) become three splits with the labels of their .cls files",
  async (extension) => {
    const { only, prepared } = await shards(extension);
    const source = await only();
    const described = await manifest(source);
    expect(described).toMatchObject({ name: "web", classes: ["00000", "00001"] });
    expect(splitSizes(described)).toEqual({ train: 18, validation: 2, test: 4 });
    const batch = await (await prepared(source)).batch("test", Uint32Array.of(0, 1, 2, 3));
    expect([...batch.labels]).toEqual([0, 0, 1, 1]);
    expect([0, 1, 2, 3].map((place) => batch.images[48 * place + 1])).toEqual([20, 22, 21, 23]);
  },
);

test.each<[string, Files, RegExp]>([
  [
    "an image without label",
    { "0.jpg": "x", "1.jpg": "x" },
    /000001\.tar at byte 0: 0\.jpg has no label \.cls next to it/,
  ],
  ["a label without image", { "0.cls": "1" }, /000001\.tar at byte 0: 0\.cls has no image next to it/],
  ["a label that is no number", { "0.jpg": "x", "0.cls": "cat" }, /000001\.tar at byte 1024: 0\.cls holds "cat"/],
  ["a gap between labels", { "0.jpg": "x", "0.cls": "5" }, /web: no train image has label 2, but labels go to 5/],
  ["a path that leaves it", { "../0.jpg": "x", "0.cls": "1" }, /is not a plain relative path/],
  ["a broken image", { "0.jpg": "x", "0.cls": "1" }, /web-train-000001\.tar:0\.jpg at byte 0: not a readable image/],
])("a shard with %s is refused", async (_, files, message) => {
  const { only, prepared, tar } = await shards();
  await tar("web-train-000001.tar", files);
  await expect(prepared(await only())).rejects.toThrow(message);
});

test("held-out labels that the train shards do not have, and missing shards, are refused", async () => {
  const { root, only, tar } = await shards();
  await tar("web-val-000000.tar", { "x.cls": "7", "x.png": await png([0, 0, 0]) });
  await expect(manifest(await only())).rejects.toThrow(
    /web-val-000000\.tar:x\.png at byte 1024: has label 7; the train shards' go from 0 to 1/,
  );
  const first = await readFile(join(root, "web-train-000000.tar"));
  await rm(join(root, "web-train-000000.tar"));
  await expect(manifest(await only())).rejects.toThrow(/web-train-000001\.tar: stands where number 0 is expected/);
  await writeFile(join(root, "web-train-000000.tar"), first);
  await rm(join(root, "web-val-000000.tar"));
  await expect(manifest(await only())).rejects.toThrow("web: has no val, validation or test shards");
});

test("a shard cut within an image, within a header or between two entries names the place", async () => {
  const { root, tar, only } = await shards();
  const noise = await sharp(randomBytes(3072), { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toBuffer();
  const length = Math.ceil(noise.length / 512) * 512;
  const cut = async (bytes: number) => {
    await tar("web-train-000000.tar", { "0.png": noise, "0.cls": "0", "1.png": noise, "1.cls": "1" });
    await truncate(join(root, "web-train-000000.tar"), bytes);
    return manifest(await only());
  };
  await expect(cut(512 + 700)).rejects.toThrow(/web-train-000000\.tar at byte 0: the archive is damaged/);
  const second = 512 + length + 1024;
  await expect(cut(second + 100)).rejects.toThrow(new RegExp(`at byte ${512 + length}: the archive is damaged`));
  await expect(cut(second)).rejects.toThrow(/two empty blocks at the end of an archive are missing/);
});

// One size

test("images of many sizes are brought to one: the short side is resized, the middle kept, and the version tells", async () => {
  const { write, only, prepared } = await setup();
  const band = (width: number, height: number, color: string, left: number, top: number) =>
    sharp({ create: { width, height, channels: 3, background: "black" } })
      .composite([{ input: { create: { width: 10, height: 10, channels: 3, background: color } }, left, top }])
      .png()
      .toBuffer();
  const files: Files = {};
  for (const name of ["cat", "dog"]) {
    for (let i = 0; i < 10; i++) files[`wild/train/${name}/${i}.png`] = await png([9, 9, 9], 10 + i, 30 - i);
    // The middle 10×10 of 40×12 and of 12×40, which 12 → 6 halves to 5×5 and of which 4×4 are kept.
    files[`wild/test/${name}/0.png`] = await band(40, 12, "white", 15, 1);
    files[`wild/test/${name}/1.png`] = await band(12, 40, "white", 1, 15);
  }
  await write(files);
  await expect(prepared(await only())).rejects.toThrow(/but the data set is/);
  await write({ "wild.preprocess.json": '{"resize": 6, "crop": 4}' });
  const reader = await prepared(await only());
  expect(reader.inputShape).toEqual([4, 4, 3]);
  const { images } = await reader.batch("test", Uint32Array.of(0, 1, 2, 3));
  expect([...new Set(images)]).toEqual([255]);
  await write({ "wild.preprocess.json": '{"resize": 5, "crop": 4}' });
  expect(versionOf(await manifest(await only()))).not.toBe(reader.version);
  for (const wrong of [
    "{",
    "[]",
    '{"resize": 4, "crop": 5}',
    '{"resize": 4, "crop": 4, "flip": 1}',
    '{"resize": "4", "crop": 4}',
  ]) {
    await write({ "wild.preprocess.json": wrong });
    await expect(manifest(await only())).rejects.toThrow(/wild\.preprocess\.json: (must be|is not JSON)/);
  }
});

test("a data set called imagenet is brought to 224 pixels, as the literature tests it", async () => {
  const { write, only } = await setup();
  await write({
    "imagenet/train/cat/0.png": await png([1, 2, 3], 300, 260),
    "imagenet/val/cat/0.png": await png([1, 2, 3]),
  });
  const source = await only();
  for await (const sample of source.samples()) {
    const { data, shape } = await source.decode(sample);
    expect(shape).toEqual([224, 224, 3]);
    expect([...data.subarray(0, 3)]).toEqual([1, 2, 3]);
  }
});
