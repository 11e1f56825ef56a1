import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { centerCrop, resizedCrop } from "@reluctant/relu";
import { Semaphore } from "./concurrency.ts";
import { decodeOnOneCoreEach, decodeRegion } from "./decode.ts";
import { contentChanged, DatasetError, reason } from "./errors.ts";
import { sha256 } from "./files.ts";
import { imageAt } from "./image-index.ts";
import type { EncodedStore, ImageRequest, ReadImages } from "./images.ts";
import type { SampleBytes } from "./source.ts";
import type { Split } from "./split.ts";

/** Images read or decoded at a time, so that the decoding of the next batch fills the end of this one. */
const imagesInFlight = 16;

/** Reads image files where they lie, and decodes what is asked for of them in libuv's threads. */
export function encodedImages(store: EncodedStore): ReadImages {
  const imageBytes = store.preprocessing.crop ** 2 * 3;
  const semaphore = new Semaphore(imagesInFlight);
  decodeOnOneCoreEach();
  return async (request) => {
    const images = new Uint8Array(request.indices.length * imageBytes);
    const decode = async (index: number, position: number) =>
      images.set(await decoded(store, request, index), position * imageBytes);
    await Promise.all(Array.from(request.indices, (index, position) => semaphore.run(() => decode(index, position))));
    return images;
  };
}

async function decoded(store: EncodedStore, { split, crops }: ImageRequest, index: number): Promise<Uint8Array> {
  const { preprocessing, folder } = store;
  try {
    const sample = await read(store, split, index);
    return await decodeRegion(sample, preprocessing.crop, (image) =>
      crops ? resizedCrop({ ...crops, index, ...image }) : centerCrop(image, preprocessing),
    );
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    const { problem, file, offset, fix, cause } = error;
    throw new DatasetError(`${await nameOf(folder, split, index)}: ${problem}`, { file, offset, fix, cause });
  }
}

/** @throws DatasetError when the file is gone, or holds other bytes than those that were registered */
async function read({ files, folder, records }: EncodedStore, split: Split, index: number): Promise<SampleBytes> {
  const { location, bytes: size, digest } = imageAt(records[split], files, index);
  const at = { file: resolve(folder, location.file), ...(location.offset > 0 && { offset: location.offset }) };
  const bytes = await bytesOf(at.file, location.offset, size).catch((cause) => {
    const fix = `restore it, or delete ${folder} and start the worker again`;
    throw new DatasetError(`cannot be read (${reason(cause)})`, { ...at, fix, cause });
  });
  if (!sha256(bytes).startsWith(digest)) {
    throw contentChanged(at);
  }
  return { name: "", bytes, ...at };
}

async function bytesOf(file: string, offset: number, size: number): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(size), 0, size, offset);
    return buffer.subarray(0, bytesRead); // short where the file is: its hash is another then
  } finally {
    await handle.close();
  }
}

/** Read only for a message: names are held nowhere. */
async function nameOf(folder: string, split: Split, index: number): Promise<string> {
  let line = 0;
  for await (const name of createInterface({ input: createReadStream(join(folder, `${split}.names`)) })) {
    if (line++ === index) return name;
  }
  return `${split} ${index}`;
}
