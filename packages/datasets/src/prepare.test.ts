import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, createWriteStream, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import sharp from "sharp";
import { pack } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { discoverDatasets } from "./discover.ts";
import { glyphs } from "./glyphs.ts";
import { type Manifest, manifest, splitSizes, subset, versionOf } from "./manifest.ts";
import { partialFolder } from "./partial-folder.ts";
import { prepare } from "./prepare.ts";
import { openPrepared } from "./reader.ts";
import { sampleName } from "./source.ts";

type Files = Record<string, Buffer>;

/** A folder of the test's own, and helpers that put data sets into it. */
async function setup() {
  const root = await mkdtemp(join(tmpdir(), "datasets-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const cacheDir = join(root, "cache");
  const tar = async (file: string, files: Files) => {
    const archive = pack();
    for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
    archive.finalize();
    await pipeline(archive, createGzip(), createWriteStream(join(root, file)));
  };
  const folder = async (name: string, files: Files) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, name, path)), { recursive: true });
      await writeFile(join(root, name, path), content);
    }
  };
  const tars = async (train: Files, val: Files) => {
    await tar("tiny-train.tar.gz", train);
    await tar("tiny-val.tar.gz", val);
    return only(root);
  };
  return { root, cacheDir, tar, tars, folder };
}

async function only(root: string) {
  const [source] = (await discoverDatasets([root])).filter(({ unusable }) => !unusable); // the cache lies in it too
  if (!source) throw new Error("nothing was discovered");
  return source;
}

/** A PNG of one color: decoded without loss, so tests can compare bytes. */
const png = (color: [number, number, number], width = 4, height = 4) =>
  sharp({ create: { width, height, channels: 3, background: { r: color[0], g: color[1], b: color[2] } } })
    .png()
    .toBuffer();

/** `count` images a class; red holds the class, green the number. */
async function images(part: string, count: number, classes = ["cat", "dog"]): Promise<Files> {
  const files: Files = {};
  for (const [label, name] of classes.entries()) {
    for (let i = 0; i < count; i++) files[`${part}/${name}/${i}.png`] = await png([label, i, 200]);
  }
  return files;
}

const preparedFrom = async (source: Awaited<ReturnType<typeof only>>, cacheDir: string) =>
  prepare({ source, manifest: await manifest(source), cacheDir });

test("archives become three splits whose pixels and labels are the files'", async () => {
  const { cacheDir, tars } = await setup();
  const source = await tars(await images("train", 20), await images("val", 3));
  const described = await manifest(source);
  expect(source.name).toBe("tiny");
  expect(described).toMatchObject({ name: "tiny", classes: ["cat", "dog"], inputShape: [4, 4, 3] });
  expect(splitSizes(described)).toEqual({ train: 36, validation: 4, test: 6 });

  const progress: number[] = [];
  const reader = await prepare({ source, manifest: described, cacheDir, onProgress: (done) => progress.push(done) });
  onTestFinished(() => reader.close());
  expect(progress).toEqual(Array.from({ length: 46 }, (_, i) => i + 1));
  for (const split of ["train", "validation", "test"] as const) {
    const expected = described.samples.filter((sample) => sample.split === split);
    const batch = await reader.batch(split, Uint32Array.from(expected.keys()).reverse());
    expect([...batch.labels]).toEqual(expected.map(({ label }) => label).reverse());
    for (const [place, { name, label }] of expected.reverse().entries()) {
      const number = Number(/(\d+)\.png$/.exec(name)?.[1]);
      expect([...batch.images.subarray(place * 48, place * 48 + 3)]).toEqual([label, number, 200]);
    }
  }
  expect(reader.mean[2]).toBe(0.7843); // 200 / 255
  await expect(reader.batch("test", Uint32Array.of(6))).rejects.toThrow("test has 6 samples");
});

test("an image folder and an archive of the same files are the same version", async () => {
  const { root, tars, folder } = await setup();
  const train = await images("train", 5);
  const fromTar = await manifest(await tars(train, await images("val", 2)));
  await folder("elsewhere/tiny", { ...train, ...(await images("test", 2)) });
  expect(versionOf(await manifest(await only(join(root, "elsewhere"))))).toBe(versionOf(fromTar));
});

test("a version changes with one image, one name, a subset or the published normalization, and not with the order of files", async () => {
  const { tars } = await setup();
  const train = await images("train", 5);
  const val = await images("val", 2);
  const described = await manifest(await tars(train, val));
  const reversed = Object.fromEntries(Object.entries(train).reverse());
  expect(versionOf(await manifest(await tars(reversed, val)))).toBe(versionOf(described));
  const { "train/cat/0.png": first, ...rest } = train;
  const others = [await manifest(await tars({ ...train, "train/cat/0.png": await png([9, 9, 9]) }, val))];
  others.push(await manifest(await tars({ ...rest, "train/cat/x.png": first as Buffer }, val)));
  others.push({ ...described, name: "cifar10" });
  others.push(subset(described, { train: 6, validation: 2, test: 2 }));
  expect(new Set([described, ...others].map(versionOf)).size).toBe(5);
});

test("a subset is stratified, its own version, and lies within a larger one", async () => {
  const { cacheDir } = await setup();
  const source = glyphs({ train: 300, test: 100 });
  const whole = await manifest(source);
  const draw = (train: number) => subset(whole, { train, validation: 20, test: 10 });
  const trainOf = ({ samples }: Manifest) => samples.filter(({ split }) => split === "train");
  const names = (drawn: Manifest) => trainOf(drawn).map(({ name }) => name);
  const small = draw(100); // drawn once: an order of all samples costs a hash of each
  expect(splitSizes(small)).toEqual({ train: 100, validation: 20, test: 10 });
  expect(names(small)).toEqual(expect.arrayContaining(names(draw(40))));
  const perClass = whole.classes.map((_, label) => trainOf(small).filter((s) => s.label === label).length);
  expect(perClass).toEqual(new Array(10).fill(10));
  const reader = await prepare({ source, manifest: small, cacheDir });
  onTestFinished(() => reader.close());
  expect(reader.version).toBe(versionOf(small));
  expect(reader.size("train")).toBe(100);
  expect(() => draw(301)).toThrow("subset.train is 301; it must be a whole number from 10 (one a class) to 270");
});

test("a prepared data set is opened again, and a damaged one is refused", async () => {
  const { cacheDir, tars } = await setup();
  const source = await tars(await images("train", 5), await images("val", 2));
  const first = await preparedFrom(source, cacheDir);
  first.close();
  expect(await readdir(cacheDir)).toEqual([first.version]);
  const again = await openPrepared(cacheDir, first.version);
  expect(await again.batch("train", Uint32Array.of(0, 1))).toEqual(
    await (await openedTwice(again, cacheDir)).batch("train", Uint32Array.of(0, 1)),
  );
  await again.close();
  await again.close();
  await expect(again.batch("train", Uint32Array.of(0))).rejects.toThrow("is closed");

  const file = join(cacheDir, first.version, "train.images");
  const bytes = await readFile(file);
  bytes[7] = (bytes[7] as number) ^ 1;
  await writeFile(file, bytes);
  await expect(openPrepared(cacheDir, first.version)).rejects.toThrow(/train\.images: does not match its hash/);
  await truncate(file, 10);
  await expect(openPrepared(cacheDir, first.version)).rejects.toThrow(/train\.images: does not match its hash/);
  await expect(openPrepared(cacheDir, "0".repeat(64))).rejects.toThrow("prepare it first");
  await expect(openPrepared(cacheDir, "../etc")).rejects.toThrow("not a dataset version");
});

test("what a killed process left half-built is swept after a day, and not before", async () => {
  const { cacheDir } = await setup();
  for (const name of ["old", "new"]) {
    await mkdir(join(cacheDir, `${name}.partial`), { recursive: true });
    await writeFile(join(cacheDir, `${name}.partial`, "train.images"), "x");
  }
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  for (const path of ["old.partial/train.images", "old.partial", "new.partial"]) {
    await utimes(join(cacheDir, path), yesterday, yesterday); // in the new folder a file is still being written
  }
  const reader = await preparedFrom(glyphs({ train: 100, test: 20 }), cacheDir);
  reader.close();
  expect((await readdir(cacheDir)).sort()).toEqual([reader.version, "new.partial"].sort());
});

async function openedTwice(reader: { version: string }, cacheDir: string) {
  const other = await openPrepared(cacheDir, reader.version);
  onTestFinished(() => other.close());
  return other;
}

test("what a killed process left of a version is gone on with, and comes out the same", async () => {
  const { root, cacheDir } = await setup();
  const source = glyphs({ train: 2_000, test: 500 });
  const described = await manifest(source);
  const version = versionOf(described);
  const ended = spawn(process.execPath, ["-e", ""]);
  await once(ended, "exit");
  const cut = prepare({
    source,
    manifest: described,
    cacheDir,
    onProgress: (done) => {
      if (done < 1_500) return;
      const [building] = readdirSync(cacheDir) as [string];
      cpSync(join(cacheDir, building), join(root, building.replace(`-${process.pid}.`, `-${ended.pid}.`)), {
        recursive: true,
      });
      throw new Error("cut");
    },
  });
  await expect(cut).rejects.toThrow("cut");
  for (const left of (await readdir(root)).filter((name) => name.endsWith(".partial")))
    await rename(join(root, left), join(cacheDir, left));
  let decoded = 0;
  const counted: typeof source = {
    ...source,
    decode: (sample) => {
      decoded++;
      return source.decode(sample);
    },
  };
  const reader = await prepare({ source: counted, manifest: described, cacheDir });
  onTestFinished(() => reader.close());
  expect(decoded).toBe(1_500);
  expect(await readdir(cacheDir)).toEqual([version]);
  const anew = await prepare({ source, manifest: described, cacheDir: join(root, "other") });
  onTestFinished(() => anew.close());
  const header = (folder: string) => readFile(join(folder, version, "dataset.json"), "utf8");
  expect(await header(cacheDir)).toBe(await header(join(root, "other")));
});

test("pixels that are noted and not there, as after a power cut, are decoded again", async () => {
  const { root, cacheDir } = await setup();
  const source = glyphs({ train: 100, test: 20 });
  const described = await manifest(source);
  const version = versionOf(described);
  const ended = spawn(process.execPath, ["-e", ""]);
  await once(ended, "exit");
  const left = (await partialFolder(cacheDir, version)).replace(`-${process.pid}.`, `-${ended.pid}.`);
  await mkdir(left, { recursive: true });
  await writeFile(join(left, "train.images"), Buffer.alloc(1_000));
  await writeFile(join(left, "written"), "train 3\ntrain 80\n");
  const reader = await prepare({ source, manifest: described, cacheDir });
  onTestFinished(() => reader.close());
  const anew = await prepare({ source, manifest: described, cacheDir: join(root, "other") });
  onTestFinished(() => anew.close());
  const header = (folder: string) => readFile(join(folder, version, "dataset.json"), "utf8");
  expect(await header(cacheDir)).toBe(await header(join(root, "other")));
});

test("two that prepare the same version at once both get it, and leave nothing else behind", async () => {
  const { cacheDir } = await setup();
  const source = glyphs({ train: 100, test: 20 });
  const readers = await Promise.all([preparedFrom(source, cacheDir), preparedFrom(source, cacheDir)]);
  for (const reader of readers) reader.close();
  expect(await readdir(cacheDir)).toEqual([readers[0]?.version]);
});

test("a truncated archive names the file and the offset", async () => {
  const { root, tars } = await setup();
  const noise: Files = {};
  for (let i = 0; i < 5; i++)
    noise[`train/cat/${i}.png`] = await sharp(randomBytes(64 * 64 * 3), { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
  const source = await tars(noise, await images("val", 2));
  await truncate(join(root, "tiny-train.tar.gz"), 40_000);
  const problems = new Set<string>();
  for (let i = 0; i < 5; i++) problems.add(await manifest(source).then(String, (error: Error) => error.message));
  expect([...problems]).toEqual([
    expect.stringMatching(
      /tiny-train\.tar\.gz at byte [1-9]\d*: the archive is damaged after this entry \(unexpected end/,
    ),
  ]);
});

test("a broken image, another shape and a changed file are refused by name, and leave no partial cache", async () => {
  const { root, cacheDir, folder } = await setup();
  const good = { ...(await images("train", 5)), ...(await images("test", 2)) };
  const jpeg = await sharp(randomBytes(4096 * 3), { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
  await folder("broken", { ...good, "train/dog/9.jpg": jpeg.subarray(0, 2000) });
  await folder("shape", { ...good, "train/dog/9.png": await png([0, 0, 0], 5) });
  await folder("changed", good);
  const [broken, changed, shape] = await discoverDatasets([root]);
  if (!broken || !changed || !shape) throw new Error("three data sets were written");
  await expect(preparedFrom(broken, cacheDir)).rejects.toThrow(/train\/dog\/9\.jpg: not a readable image/);
  await expect(preparedFrom(shape, cacheDir)).rejects.toThrow(
    /train\/dog\/9\.png: is 4×5×3, but the data set is 4×4×3/,
  );
  const described = await manifest(changed);
  await writeFile(join(root, "changed/train/cat/0.png"), await png([1, 2, 3]));
  await expect(prepare({ source: changed, manifest: described, cacheDir })).rejects.toThrow(
    /cat\/0\.png: the content changed/,
  );
  await rm(join(root, "changed/train/cat/0.png"));
  await expect(prepare({ source: changed, manifest: described, cacheDir })).rejects.toThrow("train/cat/0.png is gone");
  expect(await readdir(cacheDir)).toEqual([]);
});

test("a class without images in a split, a repeated name and an empty archive are refused", async () => {
  const { tars } = await setup();
  const cats = await images("train", 5, ["cat"]);
  await expect(manifest(await tars(cats, await images("val", 2)))).rejects.toThrow(
    "class dog has no image in the train split",
  );
  await expect(
    manifest(await tars({ ...cats, "train/dog/0.png": await png([0, 0, 0]) }, await images("val", 2))),
  ).rejects.toThrow("class dog has no image in the train split");
  await expect(
    manifest(await tars(await images("train", 5), { ...(await images("val", 2)), ...(await images("test", 2)) })),
  ).rejects.toThrow("occurs twice");
  await expect(manifest(await tars({}, {}))).rejects.toThrow("holds no images");
});

test.each([
  "/etc/passwd.jpg",
  "train/../../x.jpg",
  "train//x.jpg",
  "train\\cat\\x.jpg",
  "../train/cat/x.jpg",
  "train/cat/x\n.jpg",
])("the path %j is refused", (path) => {
  expect(() => sampleName(path, { file: "a.tar.gz", offset: 512 })).toThrow(
    /^a\.tar\.gz at byte 512: .* is not a plain relative path/,
  );
});

test.each([
  "cat/x.jpg",
  "train/cat/deep/x.jpg",
  "train/cat/x.txt",
  "__proto__/cat/x.jpg",
  "toString/cat/x.jpg",
  `train/cat/${"x".repeat(1100)}.jpg`,
])("the path %j does not fit", (path) => {
  expect(() => sampleName(path, { file: "a" })).toThrow(/does not fit the layout|is longer than/);
});

test("an entry above 64 MB is refused by its header, before any of it is read", async () => {
  const { root, tars } = await setup();
  const source = await tars(await images("train", 5), await images("val", 2));
  const archive = pack();
  const entry = archive.entry({ name: "train/cat/huge.jpg", size: 65 * 2 ** 20 });
  entry.on("error", () => {});
  entry.write(Buffer.alloc(512));
  const header: Buffer[] = [];
  for await (const piece of archive) {
    header.push(piece as Buffer);
    if (Buffer.concat(header).length >= 1024) break;
  }
  await pipeline([Buffer.concat(header)], createGzip(), createWriteStream(join(root, "tiny-train.tar.gz")));
  await expect(manifest(source)).rejects.toThrow(
    /tiny-train\.tar\.gz at byte 0: train\/cat\/huge\.jpg has 68157440 bytes, more than the limit/,
  );
});

test("links are refused in archives, and in folders where they lead out of them", async () => {
  const { root, tars, folder } = await setup();
  const source = await tars(await images("train", 5), await images("val", 2));
  const archive = pack();
  archive.entry({ name: "train/cat/x.jpg", type: "symlink", linkname: "/etc/passwd" });
  archive.finalize();
  await pipeline(archive, createGzip(), createWriteStream(join(root, "tiny-train.tar.gz")));
  await expect(manifest(source)).rejects.toThrow("train/cat/x.jpg is a symlink; only files are read");
  await folder("elsewhere/linked", { ...(await images("train", 5)), ...(await images("test", 2)) });
  await symlink("/etc/passwd", join(root, "elsewhere/linked/train/cat/x.jpg"));
  await expect(manifest(await only(join(root, "elsewhere")))).rejects.toThrow(
    /train\/cat\/x\.jpg: is a link that leads out of the data folder/,
  );
});

test("discovery takes the first of two with one name, passes over folders that do not exist, and wants both halves", async () => {
  const { root, tar, folder } = await setup();
  await folder("first/same", { "train/a/0.png": await png([0, 0, 0]), "val/a/0.png": await png([0, 0, 0]) });
  await folder("second/same", { "train/a/0.png": await png([0, 0, 0]), "val/a/0.png": await png([0, 0, 0]) });
  const found = await discoverDatasets([join(root, "absent"), join(root, "first"), join(root, "second")]);
  expect(found.map(({ name }) => name)).toEqual(["same"]);
  await tar("half-train.tar.gz", {});
  const half = (await discoverDatasets([root])).find(({ name }) => name === "half");
  await expect(half?.fingerprint()).rejects.toThrow("half-val.tar.gz is missing beside it");
});

test("gray and 16-bit images are read as 8-bit RGB", async () => {
  const { root, cacheDir, folder } = await setup();
  const gray = await sharp(Buffer.alloc(16, 77), { raw: { width: 4, height: 4, channels: 1 } })
    .png()
    .toBuffer();
  const deep = await sharp(await png([10, 20, 30]))
    .toColourspace("rgb16")
    .png()
    .toBuffer();
  expect((await sharp(deep).metadata()).depth).toBe("ushort");
  const extra = { "test/dog/gray.png": gray, "test/dog/deep.png": deep };
  await folder("mixed", { ...(await images("train", 5)), ...(await images("test", 2)), ...extra });
  const reader = await preparedFrom(await only(root), cacheDir);
  onTestFinished(() => reader.close());
  const pixel = async (index: number) => [...(await reader.batch("test", Uint32Array.of(index))).images.subarray(0, 3)];
  expect(await pixel(4)).toEqual([10, 20, 30]);
  expect(await pixel(5)).toEqual([77, 77, 77]);
});
