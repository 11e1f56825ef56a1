import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip, type ZlibOptions } from "node:zlib";
import { type Extract, extract, type Header } from "tar-stream";
import { DatasetError, isSystemError, reason, unreadable } from "./errors.ts";
import { type Location, maxSampleBytes } from "./source.ts";

export interface Entry<T> {
  /** What `accept` made of the entry's path. */
  accepted: T;
  path: string;
  bytes: Uint8Array;
  /** Of the entry in the uncompressed archive. */
  offset: number;
  /** Where the bytes lie, unless the archive is gzipped. */
  location?: Location;
}

/**
 * The files of a tar archive, gzipped if its name ends in `.gz`, whose path `accept` answers with something; the others
 * are passed over. Memory holds one entry at a time.
 * @throws DatasetError naming archive and offset: links, entries above the limit, a truncated or damaged archive
 */
export async function* archiveEntries<T>(
  archive: string,
  accept: (path: string, at: { file: string; offset: number }) => T | undefined,
): AsyncGenerator<Entry<T>> {
  const entries = extract();
  const unpacking = unpack(archive, entries);
  unpacking.catch(() => {}); // looked at below, when every entry before the fault has been read
  let offset = 0; // of the entry last seen: where to look when the archive breaks off
  try {
    for await (const entry of entries) {
      offset = entry.offset;
      const { name: path, size } = entry.header;
      const accepted = isFile(entry.header, { file: archive, offset })
        ? accept(path, { file: archive, offset })
        : undefined;
      if (accepted === undefined) entry.resume();
      else yield { accepted, path, bytes: await collect(entry, size), offset, ...locationIn(archive, offset) };
    }
    await unpacking;
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    const cause = await unpacking.then(
      () => error,
      (fault: unknown) => fault,
    );
    if (isSystemError(cause)) throw unreadable(archive, cause, "put it back");
    throw new DatasetError(`the archive is damaged after this entry (${reason(cause)})`, {
      file: archive,
      offset,
      fix: "fetch it again",
      cause,
    });
  } finally {
    entries.destroy();
  }
}

/** An entry's bytes follow its header of 512. */
const locationIn = (archive: string, offset: number): { location?: Location } =>
  archive.endsWith(".gz") ? {} : { location: { file: archive, offset: offset + 512 } };

/** Two empty blocks close a tar archive: one cut off between two entries looks whole but for them. */
const endBytes = 1024;

/**
 * Feeds the parser, and ends it at a fault instead of destroying it: what lies before the fault is parsed first, so that
 * the same place is named each time.
 */
async function unpack(archive: string, entries: Extract): Promise<void> {
  let zeros = 0; // that end what was read so far
  try {
    for await (const chunk of unpacked(archive)) {
      const trailing = trailingZeros(chunk);
      zeros = trailing === chunk.length ? zeros + trailing : trailing;
      if (!entries.write(chunk) && !entries.destroyed) await drained(entries);
      if (entries.destroyed) return; // nobody reads on
    }
    if (zeros < endBytes) throw new Error("the two empty blocks at the end of an archive are missing");
  } finally {
    entries.end(null);
  }
}

/** A buffer of one byte lets zlib go on only once a piece is read: it drops what is not when it meets a fault. */
function unpacked(archive: string): AsyncIterable<Buffer> {
  const file = createReadStream(archive);
  return archive.endsWith(".gz")
    ? pipeline(file, createGunzip({ readableHighWaterMark: 1 } as ZlibOptions), () => {})
    : file;
}

const drained = (entries: Extract): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      entries.off("drain", done).off("close", done);
      resolve();
    };
    entries.on("drain", done).on("close", done);
  });

function trailingZeros(chunk: Buffer): number {
  let zeros = 0;
  while (zeros < chunk.length && chunk[chunk.length - 1 - zeros] === 0) zeros++;
  return zeros;
}

/** False for folders; throws on what is neither, and on what is too large, before anything is allocated. */
function isFile({ name, type, size }: Header, at: { file: string; offset: number }): boolean {
  if (type === "directory") return false;
  if (type !== "file")
    throw new DatasetError(`${name} is a ${type}`, { ...at, fix: "only files are read: pack the file itself" });
  if (size > maxSampleBytes) {
    throw new DatasetError(`${name} has ${size} bytes, more than the limit of ${maxSampleBytes}`, {
      ...at,
      fix: "pack the data set without it",
    });
  }
  return true;
}

async function collect(entry: AsyncIterable<unknown>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of entry) {
    bytes.set(chunk as Uint8Array, filled);
    filled += (chunk as Uint8Array).byteLength;
  }
  return bytes;
}
