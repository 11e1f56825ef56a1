import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "./errors.ts";
import { type Split, sha256, splits } from "./manifest.ts";
import type { Normalization } from "./normalization.ts";
import type { Shape } from "./source.ts";

export const headerFile = "dataset.json";

/** What `dataset.json` says about the files beside it; written last. */
export interface Header extends Normalization {
  format: "reluctant-prepared/1";
  version: string;
  name: string;
  classes: string[];
  inputShape: number[];
  /** Sample count and SHA-256 of the image and label files. */
  splits: Record<Split, { size: number; images: string; labels: string }>;
}

export interface Batch {
  /** uint8 NHWC, n·h·w·c values. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** A prepared data set. Images stay in the page cache, shared by all processes: a batch is one positional read an image. */
export interface DatasetReader extends Normalization {
  readonly version: string;
  readonly name: string;
  readonly classes: readonly string[];
  readonly inputShape: Shape;
  size(split: Split): number;
  /** Samples of a split by their place in it. @throws RangeError on a place outside the split */
  batch(split: Split, indices: Uint32Array): Batch;
  close(): void;
}

export const isPrepared = (cacheDir: string, version: string): Promise<boolean> =>
  access(join(cacheDir, version, headerFile)).then(
    () => true,
    () => false,
  );

/**
 * Opens what `prepare` left. Every file is hashed first: 0.12 s for CIFAR's 169 MB, which also brings it into
 * the page cache; a random batch of 128 then takes 0.4 ms.
 * @throws DatasetError when the version is not there, or damaged
 */
export async function openPrepared(cacheDir: string, version: string): Promise<DatasetReader> {
  if (!/^[0-9a-f]{64}$/.test(version))
    throw new DatasetError("is not a dataset version (64 hex digits)", { file: version });
  const folder = join(cacheDir, version);
  const header = await readHeader(folder, version);
  const labels = {} as Record<Split, Int32Array>;
  for (const split of splits) labels[split] = await checkSplit(folder, header, split);
  const shape = shapeOf(header);
  const imageBytes = shape[0] * shape[1] * shape[2];
  const files = Object.fromEntries(
    splits.map((split) => [split, openSync(join(folder, `${split}.images`), "r")]),
  ) as Record<Split, number>;
  let closed = false;

  return {
    version,
    name: header.name,
    classes: header.classes,
    inputShape: shape,
    mean: header.mean,
    std: header.std,
    size: (split) => header.splits[split].size,
    batch(split, indices) {
      if (closed) throw new Error(`the reader of ${header.name} is closed`); // its descriptors may be another file's by now
      const images = new Uint8Array(indices.length * imageBytes);
      const batchLabels = new Int32Array(indices.length);
      for (const [place, index] of indices.entries()) {
        const label = labels[split][index];
        if (label === undefined)
          throw new RangeError(`${split} has ${header.splits[split].size} samples; there is none at ${index}`);
        batchLabels[place] = label;
        const read = readSync(files[split], images, place * imageBytes, imageBytes, index * imageBytes);
        if (read !== imageBytes) throw damaged(join(folder, `${split}.images`));
      }
      return { images, labels: batchLabels };
    },
    close() {
      if (!closed) for (const split of splits) closeSync(files[split]);
      closed = true;
    },
  };
}

async function readHeader(folder: string, version: string): Promise<Header> {
  const file = join(folder, headerFile);
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new DatasetError("the data set is not prepared here; prepare it first", { file, cause });
  });
  const header = JSON.parse(text) as Header;
  if (header.format !== "reluctant-prepared/1" || header.version !== version) throw damaged(file);
  return header;
}

/** Compares sizes and hashes, and returns the labels. */
async function checkSplit(folder: string, header: Header, split: Split): Promise<Int32Array> {
  const images = join(folder, `${split}.images`);
  const expected = header.splits[split];
  const [height, width, channels] = shapeOf(header);
  if ((await stat(images)).size !== expected.size * height * width * channels) throw damaged(images);
  if ((await fileSha256(images)) !== expected.images) throw damaged(images);
  const bytes = await readFile(join(folder, `${split}.labels`));
  if (sha256(bytes) !== expected.labels) throw damaged(join(folder, `${split}.labels`));
  if (header.classes.length <= 256) return Int32Array.from(bytes);
  return Int32Array.from({ length: expected.size }, (_, index) => bytes.readUInt16LE(2 * index));
}

const shapeOf = ({ inputShape: [height = 0, width = 0, channels = 0] }: Header): Shape => [height, width, channels];

const damaged = (file: string) =>
  new DatasetError("does not match its hash; delete this folder and prepare the data set again", { file });

/** SHA-256 of a file, in pieces of 1 MB. */
export async function fileSha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(piece as Buffer);
  return hash.digest("hex");
}
