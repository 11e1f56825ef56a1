import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { BrokenImage, BrokenImages } from "./broken-images.ts";
import { encodedImages } from "./encoded-images.ts";
import { contentChanged, DatasetError } from "./errors.ts";
import { sha256 } from "./files.ts";
import { encodeImageIndex, filesFile, fileTable, isOwnFile, pathsOf } from "./image-index.ts";
import type { EncodedStore } from "./images.ts";
import type { Manifest, ManifestSample } from "./manifest.ts";
import { measuredImages, PixelSums } from "./normalization.ts";
import { imageFile } from "./reader.ts";
import type { DatasetSource, Preprocessing } from "./source.ts";
import { type Split, splits, stratifiedOrder } from "./split.ts";

/** Images out of gzipped archives, where nothing can be sought: unpacked once, one after another. */
const packedFile = "packed";

/**
 * False where a streamed data set was registered before and its files have moved since. One that was fetched has its images in
 * its own folder, where no folder of data moves them.
 */
export async function filesUnmoved(manifest: Manifest, folder: string): Promise<boolean> {
  if (!manifest.preprocessing?.streamed) return true;
  const files = await readFile(join(folder, filesFile), "utf8").catch(() => null);
  if (files && pathsOf(files).every(isOwnFile)) return true;
  return files === fileTable(manifest.samples.map(fileOf)).text;
}

const fileOf = ({ location }: ManifestSample): string => location?.file ?? packedFile;

/**
 * Notes where each image lies (see `image-index.ts`) and decodes a draw of the training images, brought to their size as
 * for a test.
 * @returns the pixel sums of the draw
 */
export async function writeImageIndex(
  source: DatasetSource,
  { samples, preprocessing }: Manifest & { preprocessing: Preprocessing },
  folder: string,
  onProgress: ((done: number, total: number) => void) | undefined,
): Promise<PixelSums> {
  const packedAt = await pack(source, samples, folder, onProgress);
  const { text, startOf } = fileTable(samples.map(fileOf));
  await writeFile(join(folder, filesFile), text);
  const records = {} as Record<Split, Uint8Array>;
  for (const split of splits) {
    const own = samples.filter((sample) => sample.split === split);
    const imageIndex = own.map((sample) => ({
      location: { file: fileOf(sample), offset: sample.location?.offset ?? (packedAt.get(sample.name) as number) },
      bytes: sample.bytes,
      digest: sample.sha256.slice(0, 16),
    }));
    records[split] = encodeImageIndex(imageIndex, startOf);
    await writeFile(join(folder, imageFile(split, true)), records[split], { flush: true });
    await writeFile(join(folder, `${split}.names`), own.map(({ name }) => `${name}\n`).join(""));
  }
  const imageBytes = preprocessing.crop ** 2 * 3;
  return measure(samples, { form: "encoded", folder, imageBytes, preprocessing, files: Buffer.from(text), records });
}

/** Writes the images that can be read nowhere else into one file. @returns where each begins, by name */
async function pack(
  source: DatasetSource,
  samples: readonly ManifestSample[],
  folder: string,
  onProgress: ((done: number, total: number) => void) | undefined,
): Promise<ReadonlyMap<string, number>> {
  const wanted = new Map(samples.filter(({ location }) => !location).map((sample) => [sample.name, sample]));
  const offsets = new Map<string, number>();
  if (wanted.size === 0) return offsets;
  const file = await open(join(folder, packedFile), "wx");
  let end = 0;
  try {
    for await (const sample of source.samples()) {
      const known = wanted.get(sample.name);
      if (!known) continue;
      if (sha256(sample.bytes) !== known.sha256) {
        throw contentChanged(sample);
      }
      await file.write(sample.bytes, 0, sample.bytes.byteLength, end);
      offsets.set(sample.name, end);
      end += sample.bytes.byteLength;
      onProgress?.(offsets.size, wanted.size);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  for (const name of wanted.keys()) {
    if (offsets.has(name)) continue;
    throw new DatasetError(`${name} is gone since the data set was registered`, {
      file: source.name,
      fix: "restore it or register again",
    });
  }
  return offsets;
}

/** Images decoded before the next are asked for. */
const measuredAtOnce = 50;

async function measure(samples: readonly ManifestSample[], store: EncodedStore): Promise<PixelSums> {
  const training = samples.filter(({ split }) => split === "train");
  const draw = stratifiedOrder(
    training.map(({ name }) => name),
    training.map(({ label }) => label),
    "normalization",
  ).subarray(0, measuredImages);
  const read = encodedImages(store);
  const sums = new PixelSums(3);
  const pixels = new Uint8Array(measuredAtOnce * store.imageBytes);
  for (let first = 0; first < draw.length; first += measuredAtOnce) {
    const indices = draw.subarray(first, first + measuredAtOnce);
    const images = pixels.subarray(0, indices.length * store.imageBytes);
    await read({ split: "train", indices }, images).catch((error: unknown) => {
      throw error instanceof BrokenImage ? new BrokenImages([error]) : error;
    });
    sums.add(images);
    await setImmediate(); // whoever waits for this process is heard
  }
  return sums;
}
