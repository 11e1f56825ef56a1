/** Makes data sets as labs have them on disks: a few small images, and the files of their layouts. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { pack } from "tar-stream";

export type Files = Readonly<Record<string, string | Uint8Array>>;

export async function writeFiles(root: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** Red says the class, green the number, blue what else tells images apart. */
export const color = (label: number, number: number, other = 0): [number, number, number] => [label, number, other];

const made = new Map<string, Promise<Buffer>>();

/** 4×4 of one color, as PNG, or WebP without loss. */
export function image([r, g, b]: [number, number, number], format: "png" | "webp" = "png"): Promise<Buffer> {
  const key = [r, g, b, format].join();
  const known = made.get(key);
  if (known) return known;
  const drawn = sharp({ create: { width: 4, height: 4, channels: 3, background: { r, g, b } } });
  const encoded = format === "png" ? drawn.png().toBuffer() : drawn.webp({ lossless: true }).toBuffer();
  made.set(key, encoded);
  return encoded;
}

/** `FOLDER/CLASS/NUMBER.png`, ten of each class unless told otherwise. */
export async function folderOf(
  folder: string,
  classes: Readonly<Record<string, number>>,
  { count = 10, other = 0, path = (name: string, number: number) => `${name}/${number}.png` } = {},
): Promise<Files> {
  const files: Record<string, Uint8Array> = {};
  for (const [name, label] of Object.entries(classes)) {
    for (let number = 0; number < count; number++)
      files[`${folder}/${path(name, number)}`] = await image(color(label, number, other));
  }
  return files;
}

/** The files under another folder. */
export const below = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));

export async function tarOf(files: Files): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, Buffer.from(content));
  archive.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

export const gzipped = (bytes: Uint8Array): Buffer => gzipSync(bytes);

/** A frame of Zstandard whose blocks are stored as they are. */
export function zstdOf(bytes: Uint8Array): Buffer {
  const parts: Buffer[] = [Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58)]; // a window of 2 MB
  const blockBytes = 100_000;
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = bytes.subarray(at, at + blockBytes);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at + blockBytes >= bytes.length ? 1 : 0), 0, 3);
    parts.push(header, Buffer.from(block));
  }
  return Buffer.concat(parts);
}

/** A zip archive of packed entries. */
export function zipOf(files: Files): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path);
    const bytes = Buffer.from(content);
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26); // from "version needed" on
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2); // names are UTF-8
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.of(20, 3), common, rest, name]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, central, Buffer.from("PK\x05\x06"), end]);
}

/** An array as np.save writes it. */
export function npyOf(dtype: string, shape: readonly number[], bytes: Uint8Array): Buffer {
  const literal = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const header = Buffer.from(`${literal.padEnd(117)}\n`);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.of(header.length, 0), header, bytes]);
}

/** As MNIST's files: big-endian extents behind the type uint8. */
export function idxOf(shape: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(8, 2);
  header.writeUInt8(shape.length, 3);
  for (const [axis, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * axis);
  return Buffer.concat([header, bytes]);
}

/** A table with images as data hubs keep them, and their labels' names beside. */
export function parquetOf(images: readonly Uint8Array[], labels: readonly number[], names: readonly string[]): Buffer {
  const notes = { info: { features: { image: { _type: "Image" }, label: { names, _type: "ClassLabel" } } } };
  const table = parquetWriteBuffer({
    schema: [
      { name: "root", num_children: 2 },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
    ],
    columnData: [
      { name: "image", data: images.map((bytes, number) => ({ bytes, path: `${number}.png` })) },
      { name: "label", data: labels.map(BigInt) },
    ],
    rowGroupSize: 8,
    kvMetadata: [{ key: "huggingface", value: JSON.stringify(notes) }],
  });
  return Buffer.from(table);
}
