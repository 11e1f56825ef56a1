import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { resizedCrop, resizedMiddle } from "@reluctant/relu";
import { BrokenImage } from "./broken-images.ts";
import { Semaphore } from "./concurrency.ts";
import { decodeOnOneCoreEach, decodeView } from "./decode.ts";
import { contentChanged, DatasetError, reason } from "./errors.ts";
import { sha256 } from "./files.ts";
import { imageAt } from "./image-index.ts";
import type { EncodedStore, ImageRequest, ReadImages } from "./images.ts";
import type { SampleBytes } from "./source.ts";
import type { Split } from "./split.ts";
import { croppedFirst, scaledFirst } from "./view.ts";

/** Images that libuv's threads decode, of those that are no JPEGs, while this thread goes on. */
const decodesInFlight = 4;

/** Reads image files where they lie, and decodes what is asked for of them in this thread. */
export function encodedImages(store: EncodedStore): ReadImages {
  const semaphore = new Semaphore(decodesInFlight);
  decodeOnOneCoreEach();
  return async (request, images) => {
    const decodeAt = (index: number, position: number) =>
      decode(store, request, index, images.subarray(position * store.imageBytes, (position + 1) * store.imageBytes));
    await Promise.all(Array.from(request.indices, (index, position) => semaphore.run(() => decodeAt(index, position))));
  };
}

async function decode(
  store: EncodedStore,
  { split, crops }: ImageRequest,
  index: number,
  imageHWC: Uint8Array,
): Promise<void> {
  const { preprocessing, folder } = store;
  try {
    const sample = read(store, split, index);
    const viewOf = (image: { height: number; width: number }) =>
      crops
        ? croppedFirst(resizedCrop({ ...crops, index, ...image }))
        : scaledFirst(resizedMiddle(image, preprocessing), image);
    await decodeView(sample, preprocessing.crop, viewOf, imageHWC);
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    const { problem, file, offset, fix, cause } = error;
    const name = await nameOf(folder, split, index);
    const told = `${name}: ${problem}`;
    const at = { file, ...(offset !== undefined && { offset }) };
    throw error instanceof BrokenImage
      ? new BrokenImage(told, { name, ...at }, cause)
      : new DatasetError(told, { ...at, fix, cause });
  }
}

/** @throws DatasetError when the file is gone, or holds other bytes than those that were registered */
function read({ files, folder, records }: EncodedStore, split: Split, index: number): SampleBytes {
  const { location, bytes: size, digest } = imageAt(records[split], files, index);
  const at = { file: resolve(folder, location.file), ...(location.offset > 0 && { offset: location.offset }) };
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(at.file, location.offset, size);
  } catch (cause) {
    const fix = `restore it, or delete ${folder} and start the worker again`;
    throw new DatasetError(`cannot be read (${reason(cause)})`, { ...at, fix, cause });
  }
  if (!sha256(bytes).startsWith(digest)) {
    throw contentChanged(at);
  }
  return { name: "", bytes, ...at };
}

/** Of this thread, for one file at a time: with memory of its own for each, reading takes a third longer. */
let content = Buffer.alloc(0);

/**
 * This thread waits, and another one decodes: libuv's threads would read it for six times the processor's time.
 * @returns until the next call
 */
function bytesOf(file: string, offset: number, size: number): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    if (content.length < size) content = Buffer.allocUnsafeSlow(size);
    return content.subarray(0, readSync(descriptor, content, 0, size, offset)); // short where the file is: its hash is another
  } finally {
    closeSync(descriptor);
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
