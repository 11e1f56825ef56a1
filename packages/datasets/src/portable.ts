import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { contentChanged } from "./errors.ts";
import { sha256 } from "./files.ts";
import { encodeImageIndex, filesFile, fileTable, type IndexedImage, imageAt, recordBytes } from "./image-index.ts";
import { type Header, headerFile, imageFile } from "./reader.ts";
import { splits } from "./split.ts";

/** Bytes of a shard, but of one that holds a single larger image. */
const shardBytes = 128 * 2 ** 20;

/** A piece of a file that can be read as often as is wanted. */
export interface Shard {
  readonly bytes: number;
  read(): AsyncIterable<Uint8Array>;
}

/** A file of a prepared data set, in shards one after another: at least one, of an empty file an empty one. */
export interface PortableFile {
  readonly path: string;
  readonly shards: readonly Shard[];
}

/**
 * The files of a prepared data set as another machine can use them: put into a folder that bears the version's name, they are what
 * was prepared here. Pixels are taken as they are; encoded images, which lie in files of this machine, are packed into shards of
 * about 128 MB, and their places told anew. Nothing is written.
 */
export async function portableFiles(cacheDir: string, version: string): Promise<PortableFile[]> {
  const folder = join(cacheDir, version);
  const header = JSON.parse(await readFile(join(folder, headerFile), "utf8")) as Header;
  if (header.streamed) return packed(folder, header);
  const names = [headerFile, ...splits.flatMap((split) => [imageFile(split, false), `${split}.labels`])];
  return Promise.all(names.map((path) => fileInShards(folder, path)));
}

async function fileInShards(folder: string, path: string): Promise<PortableFile> {
  const { size } = await stat(join(folder, path));
  if (size === 0) return inMemory(path, Buffer.alloc(0));
  const starts = Array.from({ length: Math.ceil(size / shardBytes) }, (_, place) => place * shardBytes);
  const shards = starts.map((start) => {
    const end = Math.min(size, start + shardBytes);
    return { bytes: end - start, read: () => createReadStream(join(folder, path), { start, end: end - 1 }) };
  });
  return { path, shards };
}

async function packed(folder: string, header: Header): Promise<PortableFile[]> {
  const files = await readFile(join(folder, filesFile));
  const images = new Map(
    await Promise.all(
      splits.map(async (split) => [split, await indexOf(folder, imageFile(split, true), files)] as const),
    ),
  );
  const { shards, moved } = shardsOf([...images.values()].flat());
  const { text, startOf } = fileTable(shards.map(({ path }) => path));
  const places = splits.map((split) => {
    const records = encodeImageIndex(
      (images.get(split) ?? []).map((image) => moved.get(image) as IndexedImage),
      startOf,
    );
    return { split, records };
  });
  const told: Header = { ...header, splits: { ...header.splits } };
  for (const { split, records } of places) told.splits[split] = { ...header.splits[split], images: sha256(records) };
  const beside = splits.flatMap((split) => [`${split}.labels`, `${split}.names`]);
  return [
    inMemory(headerFile, Buffer.from(JSON.stringify(told, null, 2))),
    inMemory(filesFile, Buffer.from(text)),
    ...places.map(({ split, records }) => inMemory(imageFile(split, true), records)),
    ...(await Promise.all(beside.map((path) => fileInShards(folder, path)))),
    ...shards.map(({ path, bytes, images: own }) => ({
      path,
      shards: [{ bytes, read: () => readImages(folder, own) }],
    })),
  ];
}

async function indexOf(folder: string, path: string, files: Uint8Array): Promise<IndexedImage[]> {
  const records = await readFile(join(folder, path));
  return Array.from({ length: records.length / recordBytes }, (_, index) => imageAt(records, files, index));
}

interface ImageShard {
  path: string;
  bytes: number;
  images: IndexedImage[];
}

/** Where each image comes to lie: one after another, a new shard where the last is full. */
function shardsOf(images: readonly IndexedImage[]): { shards: ImageShard[]; moved: Map<IndexedImage, IndexedImage> } {
  const shards: ImageShard[] = [];
  const moved = new Map<IndexedImage, IndexedImage>();
  for (const image of images) {
    let shard = shards.at(-1);
    if (!shard || shard.bytes + image.bytes > shardBytes) {
      shard = { path: `images-${String(shards.length).padStart(5, "0")}`, bytes: 0, images: [] };
      shards.push(shard);
    }
    moved.set(image, { ...image, location: { file: shard.path, offset: shard.bytes } });
    shard.images.push(image);
    shard.bytes += image.bytes;
  }
  return { shards, moved };
}

/** The bytes of images, one after another, each found to be what was registered. */
async function* readImages(folder: string, images: readonly IndexedImage[]): AsyncGenerator<Uint8Array> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  let path = "";
  try {
    for (const { location, bytes, digest } of images) {
      const next = resolve(folder, location.file);
      if (next !== path) {
        await file?.close();
        file = undefined;
        file = await open(next, "r");
        path = next;
      }
      const { buffer, bytesRead } = await (file as NonNullable<typeof file>).read(
        Buffer.alloc(bytes),
        0,
        bytes,
        location.offset,
      );
      const found = buffer.subarray(0, bytesRead);
      if (!sha256(found).startsWith(digest)) throw contentChanged({ file: next, offset: location.offset });
      yield found;
    }
  } finally {
    await file?.close();
  }
}

const inMemory = (path: string, content: Uint8Array): PortableFile => ({
  path,
  shards: [
    {
      bytes: content.length,
      async *read() {
        yield content;
      },
    },
  ],
});
