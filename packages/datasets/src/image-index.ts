/**
 * Where the encoded images of a streamed data set lie. `files.txt` has a path a line; `SPLIT.places` a record of 24 bytes
 * an image: uint32 where its path begins in files.txt, uint32 bytes, float64 offset in the file, 8 bytes of its SHA-256;
 * `SPLIT.names` a sample name a line. ImageNet's are 31 MB of records.
 */
import type { Location } from "./source.ts";

export const filesFile = "files.txt";
export const recordBytes = 24;

export interface IndexedImage {
  readonly location: Location;
  readonly bytes: number;
  /** The first 16 digits of its SHA-256. */
  readonly digest: string;
}

/** Paths, each once, and where each begins. */
export function fileTable(paths: Iterable<string>): { text: string; startOf: ReadonlyMap<string, number> } {
  const startOf = new Map<string, number>();
  let end = 0;
  for (const path of paths) {
    if (startOf.has(path)) continue;
    startOf.set(path, end);
    end += Buffer.byteLength(path) + 1;
  }
  return { text: [...startOf.keys()].map((path) => `${path}\n`).join(""), startOf };
}

export const pathsOf = (files: string): string[] => files.split("\n").slice(0, -1);

/** Whether a path names a file of the folder that files.txt lies in, and no other. */
export const isOwnFile = (path: string): boolean => !path.includes("/") && !["", ".", ".."].includes(path);

export function encodeImageIndex(images: readonly IndexedImage[], startOf: ReadonlyMap<string, number>): Uint8Array {
  const records = Buffer.alloc(images.length * recordBytes);
  for (const [index, { location, bytes, digest }] of images.entries()) {
    const at = index * recordBytes;
    records.writeUInt32LE(startOf.get(location.file) as number, at);
    records.writeUInt32LE(bytes, at + 4);
    records.writeDoubleLE(location.offset, at + 8);
    records.write(digest, at + 16, "hex");
  }
  return records;
}

/** @param files the content of files.txt */
export function imageAt(records: Uint8Array, files: Uint8Array, index: number): IndexedImage {
  const record = Buffer.from(records.buffer, records.byteOffset + index * recordBytes, recordBytes);
  const start = record.readUInt32LE(0);
  const file = Buffer.from(files.subarray(start, files.indexOf(10, start))).toString();
  return {
    location: { file, offset: record.readDoubleLE(8) },
    bytes: record.readUInt32LE(4),
    digest: record.toString("hex", 16),
  };
}
