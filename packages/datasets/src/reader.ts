import { access, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileSha256 } from "@reluctant/machine";
import { bufferedOrder, type Normalization, shuffledIndices } from "@reluctant/relu";
import { DatasetError } from "./errors.ts";
import { sha256 } from "./files.ts";
import { filesFile, recordBytes } from "./image-index.ts";
import { ImageThreads } from "./image-threads.ts";
import type { CropKey, ImageStore } from "./images.ts";
import { type Preprocessing, type Shape, streamedReading } from "./source.ts";
import { type Split, splits } from "./split.ts";

export const headerFile = "dataset.json";

/** What `dataset.json` says about the files beside it; written last. */
export interface Header extends Normalization {
  format: "reluctant-prepared/1";
  version: string;
  name: string;
  classes: string[];
  inputShape: number[];
  /** Set where images are encoded and lie elsewhere: a split's file of images is then that of their places. */
  streamed?: Preprocessing;
  /** Beside `streamed`: the `streamedReading` that the version was made with. */
  reading?: number;
  /** Sample count and SHA-256 of the image and label files. */
  splits: Record<Split, { size: number; images: string; labels: string }>;
}

export interface Batch {
  /** uint8 NHWC, n·h·w·c values. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** A data set that was prepared or indexed, and from which batches are read in worker threads. */
export interface DatasetReader extends Normalization {
  readonly version: string;
  readonly name: string;
  readonly classes: readonly string[];
  readonly inputShape: Shape;
  /** Whether batches are decoded from the image files, so that they can be resized crops. */
  readonly streamed: boolean;
  size(split: Split): number;
  /** Of each sample of a split, by its place in it. */
  labels(split: Split): Int32Array;
  /** How an epoch visits the training split: a permutation of its places, a pure function of seed and epoch. */
  order(seed: number, epoch: number): Uint32Array;
  /**
   * Samples of a split by their place in it; of a streamed data set as resized crops drawn for an epoch, if asked.
   * Batches that are asked for at once are read at once.
   * @throws RangeError on a place outside the split; DatasetError naming the sample that cannot be read
   */
  batch(split: Split, indices: Uint32Array, crops?: CropKey): Promise<Batch>;
  /** Ends the threads; what they have not read is refused. */
  close(): Promise<void>;
}

export const isPrepared = (cacheDir: string, version: string): Promise<boolean> =>
  access(join(cacheDir, version, headerFile)).then(
    () => true,
    () => false,
  );

/** The file that holds a split's images, or their places. */
export const imageFile = (split: Split, streamed: boolean): string => `${split}.${streamed ? "places" : "images"}`;

/**
 * Opens what `prepare` left. Every file is hashed first: 0.12 s for CIFAR's 169 MB, which also brings it into
 * the page cache.
 * @param decodeThreads that a streamed data set may come to have; two for each core unless given
 * @throws DatasetError when the version is not there, or damaged
 */
export async function openPrepared(
  cacheDir: string,
  version: string,
  { decodeThreads }: { decodeThreads?: number | undefined } = {},
): Promise<DatasetReader> {
  if (!/^[0-9a-f]{64}$/.test(version))
    throw new DatasetError("is not a dataset version (64 hex digits)", {
      file: version,
      fix: "take the version from the list of data sets",
    });
  const folder = join(cacheDir, version);
  const header = await readHeader(folder, version);
  const labels = {} as Record<Split, Int32Array>;
  for (const split of splits) labels[split] = await checkSplit(folder, header, split);
  const images = new ImageThreads(await storeOf(folder, header), decodeThreads);
  const { name, classes, mean, std, streamed } = header;

  return {
    version,
    name,
    classes,
    inputShape: shapeOf(header),
    mean,
    std,
    streamed: streamed !== undefined,
    size: (split) => header.splits[split].size,
    labels: (split) => labels[split],
    order: (seed, epoch) => (streamed ? bufferedOrder : shuffledIndices)(seed, epoch, header.splits.train.size),
    async batch(split, indices, crops) {
      if (crops && !streamed)
        throw new DatasetError("holds pixels of one size, of which no resized crops are taken", {
          file: name,
          fix: 'ask for them of a data set with "streamed": true',
        });
      return {
        labels: Int32Array.from(indices, (index) => labelAt(labels[split], index, split)),
        images: await images.read({ split, indices, crops }),
      };
    },
    close: () => images.close(),
  };
}

function labelAt(labels: Int32Array, index: number, split: Split): number {
  const label = labels[index];
  if (label === undefined) throw new RangeError(`${split} has ${labels.length} samples; there is none at ${index}`);
  return label;
}

async function storeOf(folder: string, header: Header): Promise<ImageStore> {
  const { streamed: preprocessing } = header;
  const imageBytes = imageBytesOf(header);
  if (!preprocessing) return { form: "pixels", folder, imageBytes };
  const records = {} as Record<Split, Uint8Array>;
  for (const split of splits) records[split] = await sharedBytes(join(folder, imageFile(split, true)));
  const files = await sharedBytes(join(folder, filesFile));
  return { form: "encoded", folder, imageBytes, preprocessing, files, records };
}

/** A file in memory that threads share: a million records are not copied for each of them. */
async function sharedBytes(path: string): Promise<Uint8Array> {
  const content = await readFile(path);
  const shared = new Uint8Array(new SharedArrayBuffer(content.byteLength));
  shared.set(content);
  return shared;
}

async function readHeader(folder: string, version: string): Promise<Header> {
  const file = join(folder, headerFile);
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new DatasetError("the data set is not prepared here", { file, fix: "prepare it first", cause });
  });
  const header = JSON.parse(text) as Header;
  if (header.format !== "reluctant-prepared/1" || header.version !== version) throw damaged(file);
  if (header.streamed && header.reading !== streamedReading)
    throw new DatasetError("was registered by a Reluctant that read its images otherwise", {
      file,
      fix: "start the worker again, which registers it under a new version",
    });
  return header;
}

/** Compares sizes and hashes, and returns the labels. */
async function checkSplit(folder: string, header: Header, split: Split): Promise<Int32Array> {
  const images = join(folder, imageFile(split, header.streamed !== undefined));
  const expected = header.splits[split];
  const bytesEach = header.streamed ? recordBytes : imageBytesOf(header);
  if ((await stat(images)).size !== expected.size * bytesEach) throw damaged(images);
  if ((await fileSha256(images)) !== expected.images) throw damaged(images);
  const bytes = await readFile(join(folder, `${split}.labels`));
  if (sha256(bytes) !== expected.labels) throw damaged(join(folder, `${split}.labels`));
  if (header.classes.length <= 256) return Int32Array.from(bytes);
  return Int32Array.from({ length: expected.size }, (_, index) => bytes.readUInt16LE(2 * index));
}

const shapeOf = ({ inputShape: [height = 0, width = 0, channels = 0] }: Header): Shape => [height, width, channels];

const imageBytesOf = ({ inputShape }: Header): number => inputShape.reduce((product, extent) => product * extent, 1);

const damaged = (file: string) =>
  new DatasetError("does not match its hash", { file, fix: "delete this folder and prepare the data set again" });
