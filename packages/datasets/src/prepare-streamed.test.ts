import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { UnusableDataset } from "@reluctant/contracts";
import { resizedCrop } from "@reluctant/relu";
import sharp from "sharp";
import { pack } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { decodeView } from "./decode.ts";
import { discoverDatasets } from "./discover.ts";
import { manifest } from "./manifest.ts";
import { prepare } from "./prepare.ts";
import { prepareAll } from "./prepare-all.ts";
import { openPrepared } from "./reader.ts";
import { croppedFirst } from "./view.ts";

type Files = Record<string, string | Uint8Array>;
type Form = "folder" | "tar" | "tar.gz";

/** 10 training and 2 held-out images of each of two classes, of many sizes, in one of the forms. */
async function setup(form: Form, changes: Files = {}) {
  const root = await mkdtemp(join(tmpdir(), "streamed-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const put = async (path: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  await put("wild.preprocess.json", '{"resize": 36, "crop": 32, "streamed": true}');
  const train = { ...(await images(form, "train", 20)), ...changes };
  const test = await images(form, "val", 4);
  if (form === "folder") {
    for (const [path, content] of Object.entries({ ...train, ...test })) await put(`wild/${path}`, content);
  } else {
    const all = Object.entries(train);
    await tar(join(root, `wild-train-000000.${form}`), all.slice(0, 20)); // ten images, each with its label
    await tar(join(root, `wild-train-000001.${form}`), all.slice(20));
    await tar(join(root, `wild-val-000000.${form}`), Object.entries(test));
  }
  const cacheDir = join(root, "cache");
  const source = async () => (await discoverDatasets([root]))[0] as Awaited<ReturnType<typeof discoverDatasets>>[0];
  const register = async () => {
    const reader = await prepare({ source: await source(), manifest: await manifest(await source()), cacheDir });
    onTestFinished(() => reader.close());
    return reader;
  };
  return { root, cacheDir, put, register, source };
}

async function images(form: Form, part: string, count: number): Promise<Files> {
  const files: Files = {};
  for (let i = 0; i < count; i++) {
    const label = i % 2;
    if (form === "folder") files[`${part}/class${label}/${i}.png`] = await image(i);
    else Object.assign(files, { [`${i}.png`]: await image(i), [`${i}.cls`]: `${label}` });
  }
  return files;
}

/** The left half red as its class, which alternates, the right half green as its number; made once for all tests. */
const image = async (number: number): Promise<Buffer> => {
  const known = drawn.get(number) ?? draw(number);
  drawn.set(number, known);
  return known;
};
const drawn = new Map<number, Promise<Buffer>>();

function draw(number: number): Promise<Buffer> {
  const half = { width: 40, height: 40 + number, channels: 3 } as const;
  return sharp({ create: { ...half, width: 80, background: { r: 0, g: 10 * number, b: 0 } } })
    .composite([{ input: { create: { ...half, background: { r: 100 + (number % 2), g: 0, b: 0 } } }, left: 0, top: 0 }])
    .removeAlpha()
    .png()
    .toBuffer();
}

async function tar(file: string, entries: [string, string | Uint8Array][]): Promise<void> {
  const archive = pack();
  for (const [name, content] of entries) archive.entry({ name }, Buffer.from(content));
  archive.finalize();
  await pipeline(archive, file.endsWith(".gz") ? createGzip() : new PassThrough(), createWriteStream(file));
}

const jpeg = (quality = 90) =>
  sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: "gray",
      noise: { type: "gaussian", mean: 128, sigma: 40 },
    },
  })
    .jpeg({ quality })
    .toBuffer();

const all = (count: number) => Uint32Array.from({ length: count }, (_, index) => index);

test.each(["folder", "tar", "tar.gz"] as const)(
  "a streamed data set (%s) keeps its files and gives test images by their middle",
  async (form) => {
    const { cacheDir, register } = await setup(form);
    const reader = await register();
    expect(reader).toMatchObject({ name: "wild", inputShape: [32, 32, 3], streamed: true });
    expect([reader.size("train"), reader.size("validation"), reader.size("test")]).toEqual([18, 2, 4]);
    const kept = await readdir(join(cacheDir, reader.version));
    expect(kept.filter((file) => file.endsWith(".images"))).toEqual([]);
    expect(kept.includes("packed")).toBe(form === "tar.gz");
    for (const split of ["train", "test"] as const) {
      const batch = await reader.batch(split, all(reader.size(split)));
      const seen = new Set<number>();
      for (const [place, label] of batch.labels.entries()) {
        const row = batch.images.subarray(place * 3072, place * 3072 + 96);
        expect(row[0]).toBe(100 + label);
        expect((row[94] as number) % 20).toBe(10 * label); // numbers are even in class 0, odd in class 1
        seen.add(row[94] as number);
      }
      expect(seen.size).toBe(reader.size(split));
    }
    expect([...reader.order(7, 0)].sort((a, b) => a - b)).toEqual([...all(18)]);
    expect(reader.order(7, 0)).not.toEqual(reader.order(7, 1));
  },
);

test("resized crops are those that the counter generator draws, in whichever batch an image comes", async () => {
  const { register } = await setup("tar");
  const reader = await register();
  const crops = { seed: 11, epoch: 3 };
  const together = await reader.batch("train", all(18), crops);
  const apart = await Promise.all([...all(18)].map((index) => reader.batch("train", Uint32Array.of(index), crops)));
  expect(Buffer.concat(apart.map((batch) => batch.images)).equals(together.images)).toBe(true);
  for (const place of together.labels.keys()) {
    const pixels = together.images.subarray(place * 3072, (place + 1) * 3072);
    const number = Math.max(...pixels.filter((_, i) => i % 3 === 1)) / 10;
    if (number % 1 !== 0 || number === 0) continue; // its green half was cut off
    const part = resizedCrop({ ...crops, index: place, height: 40 + number, width: 80 });
    const expected = new Uint8Array(3072);
    const sample = { name: "", file: "", bytes: await image(number) };
    await decodeView(sample, 32, () => croppedFirst(part), expected);
    expect(Buffer.from(pixels).equals(expected)).toBe(true);
  }
  const next = await reader.batch("train", all(18), { seed: 11, epoch: 4 });
  expect(Buffer.from(next.images).equals(together.images)).toBe(false);
});

test("images behind names too long for a tar header are read where they lie", async () => {
  const long = `${"deep/".repeat(40)}20`;
  const { register } = await setup("tar", { [`${long}.png`]: await image(24), [`${long}.cls`]: "0" });
  const reader = await register();
  const found = await Promise.all(
    (["train", "validation"] as const).map((split) => reader.batch(split, all(reader.size(split)))),
  );
  expect(found.flatMap(({ images }) => [...images])).toContain(240);
});

test("transparent pixels keep their color when they are scaled, as where images are prepared", async () => {
  const pixels = Buffer.from(Array.from({ length: 64 * 64 }, (_, i) => [200, 100, 50, i % 2 ? 255 : 0]).flat());
  const clear = await sharp(pixels, { raw: { width: 64, height: 64, channels: 4 } })
    .png()
    .toBuffer();
  const { register } = await setup("folder", { "val/class0/clear.png": clear });
  const reader = await register();
  const { images } = await reader.batch("test", all(5));
  const colors = new Set(Array.from({ length: 5 * 1024 }, (_, i) => images.subarray(3 * i, 3 * i + 3).join()));
  expect(colors).toContain("200,100,50");
  expect([...colors].filter((color) => /,50$/.test(color))).toEqual(["200,100,50"]);
});

test("batches that are asked for at once each come as asked, and closing refuses the rest", async () => {
  const { register } = await setup("folder");
  const reader = await register();
  const asked = Array.from({ length: 40 }, (_, i) => Uint32Array.of(i % 18, (i + 5) % 18));
  const [first] = await Promise.all(asked.map((indices) => reader.batch("train", indices)));
  expect(first).toEqual(await reader.batch("train", Uint32Array.of(0, 5)));
  const unanswered = asked.map((indices) => reader.batch("train", indices));
  await reader.close();
  const ends = await Promise.allSettled(unanswered);
  expect(ends.some(({ status }) => status === "rejected")).toBe(true);
  await reader.close();
  await expect(reader.batch("train", Uint32Array.of(0))).rejects.toThrow("the data set is closed");
});

test("an image that is cut off, or is none, is refused when the data set is registered, by file and offset", async () => {
  const whole = await jpeg();
  const cut = { "21.jpg": whole.subarray(0, whole.length - 200), "21.cls": "0" };
  await expect((await setup("tar", cut)).register()).rejects.toThrow(
    /wild-train-000001\.tar:21\.jpg at byte \d+: not a readable image \(its end is missing\)/,
  );
  await expect((await setup("folder", { "train/class0/x.png": "text" })).register()).rejects.toThrow(
    /wild\/train\/class0\/x\.png: not a readable image/,
  );
  const png = await image(3);
  await expect(
    (await setup("folder", { "train/class0/x.png": png.subarray(0, png.length - 20) })).register(),
  ).rejects.toThrow(/x\.png: not a readable image/);
});

test("an image that only decoding shows to be broken names sample, file and offset where it is first used", async () => {
  const broken = await jpeg();
  broken.fill(0xff, broken.length >> 1, (broken.length >> 1) + 300); // header and end are sound
  const { register } = await setup("tar", { "21.jpg": broken, "21.cls": "0" });
  await expect(register().then((reader) => reader.batch("train", all(reader.size("train"))))).rejects.toThrow(
    /wild-train-000001\.tar at byte \d+: train\/00000\/21: not a readable image \(.*\); replace or remove it/,
  );
});

test("bytes that changed or files that are gone since the registration are refused by name", async () => {
  const { root, register } = await setup("tar");
  const reader = await register();
  const handle = await open(join(root, "wild-train-000001.tar"), "r+");
  await handle.write(Buffer.from([1, 2, 3]), 0, 3, 512 + 40);
  await handle.close();
  await expect(reader.batch("train", all(18))).rejects.toThrow(
    /wild-train-000001\.tar at byte 512: train\/00000\/10: the content changed since/,
  );
  await rm(join(root, "wild-val-000000.tar"));
  await expect(reader.batch("test", all(1))).rejects.toThrow(
    /wild-val-000000\.tar at byte 512: test\/00000\/0: cannot be read \(ENOENT.*\); restore it, or delete .*\/cache\//,
  );
});

test("a data set that was moved is found at its new place, under the same version", async () => {
  const { root, cacheDir, register } = await setup("folder");
  const reader = await register();
  const before = await reader.batch("test", all(4));
  await mkdir(join(root, "elsewhere"));
  for (const entry of ["wild", "wild.preprocess.json"]) await rename(join(root, entry), join(root, "elsewhere", entry));
  const onUnusable = ({ name, reason }: UnusableDataset) => expect.fail(`${name}: ${reason}`);
  const [moved] = await prepareAll({ folders: [join(root, "elsewhere")], cacheDir, onUnusable });
  onTestFinished(() => moved?.close());
  expect(moved?.version).toBe(reader.version);
  expect(await moved?.batch("test", all(4))).toEqual(before);
  const [again] = await prepareAll({ folders: [join(root, "elsewhere")], cacheDir, onUnusable });
  onTestFinished(() => again?.close());
  expect(again?.version).toBe(reader.version);
});

test("the version tells what changes numbers: streaming, and the order in which images are stored", async () => {
  const { put, source, root } = await setup("tar");
  const versions = [(await prepared(source)).version];
  await put("wild.preprocess.json", '{"resize": 36, "crop": 32, "streamed": false}');
  versions.push((await prepared(source)).version);
  await put("wild.preprocess.json", '{"resize": 36, "crop": 32, "streamed": true}');
  const [one, other] = ["wild-train-000000.tar", "wild-train-000001.tar"].map((file) => join(root, file));
  const [first, second] = [await readFile(one as string), await readFile(other as string)];
  await writeFile(one as string, second);
  await writeFile(other as string, first);
  versions.push((await prepared(source)).version);
  expect(new Set(versions).size).toBe(3);
  await put("wild.preprocess.json", '{"resize": 36, "crop": 32, "streamed": 1}');
  await expect(manifest(await source())).rejects.toThrow(
    /wild\.preprocess\.json: must be .* and perhaps "streamed": true/,
  );
});

test("what a version before this one registered to be read otherwise is not opened", async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), "streamed-cache-"));
  onTestFinished(() => rm(cacheDir, { recursive: true, force: true }));
  const version = "a".repeat(64);
  await mkdir(join(cacheDir, version));
  const header = { format: "reluctant-prepared/1", version, streamed: { resize: 36, crop: 32, streamed: true } };
  await writeFile(join(cacheDir, version, "dataset.json"), JSON.stringify(header));
  await expect(openPrepared(cacheDir, version)).rejects.toThrow(
    /dataset\.json: was registered by a Reluctant that read/,
  );
});

test("what was prepared in one size gives no resized crops", async () => {
  const { put, source } = await setup("tar");
  await put("wild.preprocess.json", '{"resize": 36, "crop": 32}');
  const reader = await prepared(source);
  expect(reader.streamed).toBe(false);
  await expect(reader.batch("train", all(1), { seed: 0, epoch: 0 })).rejects.toThrow("no resized crops are taken");
});

async function prepared(source: () => Promise<Parameters<typeof prepare>[0]["source"]>) {
  const cacheDir = await mkdtemp(join(tmpdir(), "streamed-cache-"));
  onTestFinished(() => rm(cacheDir, { recursive: true, force: true }));
  const reader = await prepare({ source: await source(), manifest: await manifest(await source()), cacheDir });
  onTestFinished(() => reader.close());
  return reader;
}
