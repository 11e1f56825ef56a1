import { createReadStream } from "node:fs";
import { pipeline, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { DatasetError, reason } from "./errors.ts";
import { maxSampleBytes } from "./source.ts";

export interface Entry<T> {
  /** What `accept` made of the entry's path. */
  accepted: T;
  path: string;
  bytes: Uint8Array;
  /** Of the entry in the uncompressed archive. */
  offset: number;
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
  const unpacked = archive.endsWith(".gz") ? [createGunzip()] : [];
  // pipeline destroys every stream on the first error, so that the loop below ends with it.
  pipeline([createReadStream(archive), ...unpacked, requireEnd(), entries], () => {});
  let offset = 0; // of the entry last seen: where to look when the archive breaks off
  try {
    for await (const entry of entries) {
      offset = entry.offset;
      const { name: path, size } = entry.header;
      const accepted = isFile(entry.header, { file: archive, offset })
        ? accept(path, { file: archive, offset })
        : undefined;
      if (accepted === undefined) entry.resume();
      else yield { accepted, path, bytes: await collect(entry, size), offset };
    }
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    throw new DatasetError(`the archive is damaged after this entry (${reason(error)}); fetch it again`, {
      file: archive,
      offset,
      cause: error,
    });
  } finally {
    entries.destroy();
  }
}

/** Two empty blocks close a tar archive: one cut off between two entries looks whole but for them. */
const endBytes = 1024;

function requireEnd(): Transform {
  let zeros = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      let trailing = 0;
      while (trailing < Math.min(chunk.length, endBytes) && chunk[chunk.length - 1 - trailing] === 0) trailing++;
      zeros = trailing === chunk.length ? zeros + trailing : trailing;
      done(null, chunk);
    },
    flush(done) {
      done(zeros < endBytes ? new Error("the two empty blocks at the end of an archive are missing") : null);
    },
  });
}

/** False for folders; throws on what is neither, and on what is too large, before anything is allocated. */
function isFile({ name, type, size }: Header, at: { file: string; offset: number }): boolean {
  if (type === "directory") return false;
  if (type !== "file") throw new DatasetError(`${name} is a ${type}; only files are read`, at);
  if (size > maxSampleBytes) {
    throw new DatasetError(`${name} has ${size} bytes, more than the limit of ${maxSampleBytes}`, at);
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
