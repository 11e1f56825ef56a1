import { constants, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileSha256 } from "@reluctant/machine";
import { BrokenImage, BrokenImages, requireFewBroken } from "./broken-images.ts";
import { factsFile, factsOf } from "./card.ts";
import { forEachConcurrently } from "./concurrency.ts";
import { decodeOnOneCoreEach } from "./decode.ts";
import { contentChanged, DatasetError } from "./errors.ts";
import { sha256 } from "./files.ts";
import { type Manifest, splitSizes, versionOf, withoutBroken } from "./manifest.ts";
import { PixelSums, publishedNormalization } from "./normalization.ts";
import { adoptAbandoned, partialFolder, removeAbandoned } from "./partial-folder.ts";
import { filesUnmoved, writeImageIndex } from "./prepare-streamed.ts";
import { type DatasetReader, type Header, headerFile, imageFile, isPrepared, openPrepared } from "./reader.ts";
import { type DatasetSource, type SampleBytes, type Shape, streamedReading } from "./source.ts";
import { type Split, splits } from "./split.ts";
import { WrittenImages } from "./written-images.ts";

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
 * one is opened instead, and what a killed process left half-built is gone on with. The folder gets its name only when complete, so processes that prepare the same version at once
 * do no harm. A few images that turn out to be broken are left out, and listed in `broken.txt`: the version is then that of
 * the others.
 * @throws DatasetError naming file and offset: too many broken images, another shape, bytes that are not the manifest's
 */
export async function prepare(input: PrepareInput): Promise<DatasetReader> {
  try {
    return await prepareVersion(input);
  } catch (error) {
    if (!(error instanceof BrokenImages)) throw error;
    const { manifest, source } = input;
    const all = manifest.samples.length + (manifest.broken?.length ?? 0);
    requireFewBroken([...error.broken, ...(manifest.broken ?? [])], all, source.maxBroken);
    return prepare({ ...input, manifest: withoutBroken(manifest, error.broken) });
  }
}

/** @throws BrokenImages with those that decoding found, once it has seen all, or too many */
async function prepareVersion(input: PrepareInput): Promise<DatasetReader> {
  const { cacheDir, manifest } = input;
  const version = versionOf(manifest);
  const folder = join(cacheDir, version);
  const prepared = await isPrepared(cacheDir, version);
  if (prepared && (await filesUnmoved(manifest, folder))) return openPrepared(cacheDir, version);
  const adopted = manifest.preprocessing?.streamed ? null : await adoptAbandoned(cacheDir, version);
  await removeAbandoned(cacheDir);
  const building = adopted ?? (await partialFolder(cacheDir, version));
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
  if (manifest.broken) await writeDurably(join(folder, brokenFile), listed(manifest.broken));
  await writeDurably(join(folder, factsFile), JSON.stringify(factsOf(manifest)));
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
  { samples, inputShape, broken: known = [] }: Manifest,
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
  // Bytes that were left: what is noted beyond them, as after a power cut, is not there.
  const left = {
    train: (await files.train.stat()).size,
    validation: (await files.validation.stat()).size,
    test: (await files.test.stat()).size,
  };
  const sync = () => Promise.all(splits.map((split) => files[split].sync()));
  const written = await WrittenImages.in(folder, sync);
  const imageBytes = height * width * channels;
  const sums = new PixelSums(channels);
  const total = samples.length;
  const broken: BrokenImage[] = [];
  let done = 0;
  try {
    await forEachConcurrently(source.samples(), decodesInFlight, async (sample) => {
      const target = wanted.get(sample.name);
      if (!target) return;
      wanted.delete(sample.name);
      if (sha256(sample.bytes) !== target.sha256) {
        throw contentChanged(sample);
      }
      const place = target.index * imageBytes;
      if (written.has(target) && place + imageBytes <= left[target.split]) {
        const { buffer } = await files[target.split].read(new Uint8Array(imageBytes), 0, imageBytes, place);
        if (target.split === "train") sums.add(buffer);
        onProgress?.(++done, total);
        return;
      }
      const pixels = await source.decode(sample).catch((error: unknown) => {
        if (!(error instanceof BrokenImage)) throw error;
        broken.push(error);
        requireFewBroken([...broken, ...known], total + known.length, source.maxBroken);
        return null;
      });
      if (pixels === null) return;
      const { data, shape } = pixels;
      requireShape(shape, inputShape, sample);
      if (target.split === "train") sums.add(data);
      await files[target.split].write(data, 0, data.byteLength, place);
      await written.add(target);
      onProgress?.(++done, total);
    });
    for (const name of wanted.keys()) {
      throw new DatasetError(`${name} is gone since the data set was registered`, {
        file: source.name,
        fix: "restore it or register again",
      });
    }
    if (broken.length > 0) throw new BrokenImages(broken);
    await sync();
    await written.done();
  } finally {
    await Promise.all(splits.map((split) => files[split].close()));
  }
  return sums;
}

const brokenFile = "broken.txt";

/** A line each: what it is called, and what is wrong with it. */
const listed = (broken: readonly BrokenImage[]): string =>
  broken.map(({ sample, reason }) => `${sample}\t${reason.replaceAll(/\s+/g, " ")}\n`).join("");

/** As it was left, or empty. */
const create = (folder: string, split: Split) =>
  open(join(folder, `${split}.images`), constants.O_RDWR | constants.O_CREAT);

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

const writeDurably = (path: string, content: Uint8Array | string): Promise<void> =>
  writeFile(path, content, { flush: true });
