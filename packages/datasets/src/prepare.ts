import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileSha256 } from "@reluctant/machine";
import { forEachConcurrently } from "./concurrency.ts";
import { decodeOnOneCoreEach } from "./decode.ts";
import { contentChanged, DatasetError } from "./errors.ts";
import { sha256 } from "./files.ts";
import { type Manifest, splitSizes, versionOf } from "./manifest.ts";
import { PixelSums, publishedNormalization } from "./normalization.ts";
import { partialFolder, removeAbandoned } from "./partial-folder.ts";
import { filesUnmoved, writeImageIndex } from "./prepare-streamed.ts";
import { type DatasetReader, type Header, headerFile, imageFile, isPrepared, openPrepared } from "./reader.ts";
import { type DatasetSource, type SampleBytes, type Shape, streamedReading } from "./source.ts";
import { type Split, splits } from "./split.ts";

/** Images decoded at a time: past libuv's 4 threads so that none waits for the loop. 1: 980, 4: 1,560, 8: 1,500 img/s. */
const decodesInFlight = 8;

export interface PrepareInput {
  source: DatasetSource;
  /** Of the whole source or a subset of it: decides what is decoded. */
  manifest: Manifest;
  cacheDir: string;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Decodes every image of a manifest once, into `cacheDir/VERSION/`: a split's images as one uint8 NHWC file in the
 * order of the manifest, its labels beside it. Of a streamed data set only the places of the images are noted. An existing
 * one is opened instead. The folder gets its name only when complete, so processes that prepare the same version at once
 * do no harm.
 * @throws DatasetError naming file and offset: a broken image, another shape, bytes that are not the manifest's
 */
export async function prepare(input: PrepareInput): Promise<DatasetReader> {
  const { cacheDir, manifest } = input;
  const version = versionOf(manifest);
  const folder = join(cacheDir, version);
  const prepared = await isPrepared(cacheDir, version);
  if (prepared && (await filesUnmoved(manifest, folder))) return openPrepared(cacheDir, version);
  await removeAbandoned(cacheDir);
  const building = await partialFolder(cacheDir, version);
  await mkdir(building, { recursive: true });
  try {
    await build(input, version, building);
    if (prepared) await rm(folder, { recursive: true }); // its images have moved
    await rename(building, folder).catch(async (error) => {
      if (!(await isPrepared(cacheDir, version))) throw error; // else another process was first
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return openPrepared(cacheDir, version);
}

async function build({ source, manifest, onProgress }: PrepareInput, version: string, folder: string): Promise<void> {
  decodeOnOneCoreEach();
  const { name, classes, inputShape, preprocessing } = manifest;
  const streamed = preprocessing?.streamed ? preprocessing : null;
  const sums = streamed
    ? await writeImageIndex(source, { ...manifest, preprocessing: streamed }, folder, onProgress)
    : await writePixels(source, manifest, folder, onProgress);
  const sizes = splitSizes(manifest);
  const labels = labelsOf(manifest);
  const header: Header = {
    format: "reluctant-prepared/1",
    version,
    name,
    classes: [...classes],
    inputShape: [...inputShape],
    ...(streamed && { streamed, reading: streamedReading }),
    ...(publishedNormalization(name) ?? sums.normalization()),
    splits: {} as Header["splits"],
  };
  for (const split of splits) {
    await writeDurably(join(folder, `${split}.labels`), labels[split]);
    const images = await fileSha256(join(folder, imageFile(split, streamed !== null)));
    header.splits[split] = { size: sizes[split], images, labels: sha256(labels[split]) };
  }
  await writeDurably(join(folder, headerFile), JSON.stringify(header, null, 2));
}

/** Writes the splits' image files and returns the pixel sums of train. */
async function writePixels(
  source: DatasetSource,
  { samples, inputShape }: Manifest,
  folder: string,
  onProgress: PrepareInput["onProgress"],
): Promise<PixelSums> {
  const [height, width, channels] = inputShape;
  const next = { train: 0, validation: 0, test: 0 };
  const wanted = new Map(samples.map((sample) => [sample.name, { ...sample, index: next[sample.split]++ }]));
  const files = {
    train: await create(folder, "train"),
    validation: await create(folder, "validation"),
    test: await create(folder, "test"),
  };
  const sums = new PixelSums(channels);
  const total = samples.length;
  let done = 0;
  try {
    await forEachConcurrently(source.samples(), decodesInFlight, async (sample) => {
      const target = wanted.get(sample.name);
      if (!target) return;
      wanted.delete(sample.name);
      if (sha256(sample.bytes) !== target.sha256) {
        throw contentChanged(sample);
      }
      const { data, shape } = await source.decode(sample);
      requireShape(shape, inputShape, sample);
      if (target.split === "train") sums.add(data);
      await files[target.split].write(data, 0, data.byteLength, target.index * height * width * channels);
      onProgress?.(++done, total);
    });
    for (const name of wanted.keys()) {
      throw new DatasetError(`${name} is gone since the data set was registered`, {
        file: source.name,
        fix: "restore it or register again",
      });
    }
    await Promise.all(splits.map((split) => files[split].sync()));
  } finally {
    await Promise.all(splits.map((split) => files[split].close()));
  }
  return sums;
}

const create = (folder: string, split: Split) => open(join(folder, `${split}.images`), "wx");

function requireShape(shape: Shape, expected: Shape, sample: SampleBytes): void {
  if (shape.every((length, axis) => length === expected[axis])) return;
  throw new DatasetError(`is ${shape.join("×")}, but the data set is ${expected.join("×")}`, {
    file: sample.file,
    offset: sample.offset,
    fix: "resize or remove it",
  });
}

/** Labels of each split in the order of its images: uint8, or little-endian uint16 from 257 classes on. */
function labelsOf({ classes, samples }: Manifest): Record<Split, Uint8Array> {
  const encode = (split: Split) => {
    const labels = samples.filter((sample) => sample.split === split).map(({ label }) => label);
    return classes.length <= 256 ? Uint8Array.from(labels) : new Uint8Array(Uint16Array.from(labels).buffer);
  };
  return { train: encode("train"), validation: encode("validation"), test: encode("test") };
}

async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  await writeFile(path, content, { flag: "wx", flush: true });
}
