import { type Extract, extract, type Header } from "tar-stream";
import { DatasetError, isSystemError, reason, unreadable } from "../errors.ts";
import { type Location, maxSampleBytes } from "../source.ts";
import { packingOf, unpacked } from "./packing.ts";

export interface Entry<T> {
  /** What `accept` made of the entry's path. */
  accepted: T;
  path: string;
  bytes: Uint8Array;
  /** Of the entry in the unpacked archive. */
  offset: number;
  /** Where the bytes lie, unless the archive is packed. */
  location?: Location;
}

/** A file of a tar archive; its bytes follow a header of 512. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** Of its header in the unpacked archive. */
  readonly offset: number;
  /** Whether the archive is packed, so that nothing can be sought in it. */
  readonly isPacked: boolean;
}

interface StreamedFile extends StoredFile {
  /** Its content; passed over where nobody asks. */
  content(): AsyncIterable<Uint8Array>;
}

/**
 * The files of a tar archive, packed or not, whose path `accept` answers with something; the others are passed over. Memory
 * holds one entry at a time.
 * @throws DatasetError naming archive and offset: links, entries above the limit, a truncated or damaged archive
 */
export async function* archiveEntries<T>(
  archive: string,
  accept: (path: string, at: { file: string; offset: number }) => T | undefined,
  onOther: OnOther = refuseOther,
): AsyncGenerator<Entry<T>> {
  for await (const { path, bytes: size, offset, isPacked, content } of streamedFiles(archive, onOther)) {
    if (size > maxSampleBytes) {
      throw new DatasetError(`${path} has ${size} bytes, more than the limit of ${maxSampleBytes}`, {
        file: archive,
        offset,
        fix: "pack the data set without it",
      });
    }
    const accepted = accept(path, { file: archive, offset });
    if (accepted === undefined) continue;
    const bytes = new Uint8Array(size);
    let filled = 0;
    for await (const piece of content()) {
      bytes.set(piece, filled);
      filled += piece.byteLength;
    }
    yield { accepted, path, bytes, offset, ...(!isPacked && { location: { file: archive, offset: offset + 512 } }) };
  }
}

/** Is told of what is neither a file nor a folder. */
type OnOther = (header: Header, at: { file: string; offset: number }) => void;

export const passOver: OnOther = () => {};

const refuseOther: OnOther = ({ name, type }, at) => {
  throw new DatasetError(`${name} is a ${type}`, { ...at, fix: "only files are read: pack the file itself" });
};

/** What files an archive has. Links are no files. */
export async function* archiveFiles(archive: string): AsyncGenerator<StoredFile> {
  for await (const { content: _, ...file } of streamedFiles(archive, passOver)) yield file;
}

/** The content of one file of an archive, piece by piece. */
export async function* archiveContent(archive: string, path: string): AsyncGenerator<Uint8Array> {
  for await (const file of streamedFiles(archive, passOver)) if (file.path === path) return yield* file.content();
}

async function* streamedFiles(archive: string, onOther: OnOther): AsyncGenerator<StreamedFile> {
  const isPacked = await packingOf(archive).then(
    (packing) => packing !== null,
    (error: unknown) => {
      throw isSystemError(error) ? unreadable(archive, error, "put it back") : error;
    },
  );
  const entries = extract();
  const unpacking = unpack(archive, entries);
  unpacking.catch(() => {}); // looked at below, when every entry before the fault has been read
  let offset = 0; // of the entry last seen: where to look when the archive breaks off
  const told = async (error: unknown): Promise<unknown> => {
    if (error instanceof DatasetError) return error;
    const cause = await unpacking.then(
      () => error,
      (fault: unknown) => fault,
    );
    if (isSystemError(cause)) return unreadable(archive, cause, "put it back");
    return new DatasetError(`the archive is damaged after this entry (${reason(cause)})`, {
      file: archive,
      offset,
      fix: "fetch it again",
      cause,
    });
  };
  try {
    // Nothing is waited for before this: an entry that comes when nobody asks yet is lost.
    for await (const entry of entries) {
      offset = entry.offset;
      const { name, type, size = 0 } = entry.header;
      let asked = false;
      const content = async function* () {
        asked = true;
        try {
          yield* entry as AsyncIterable<Uint8Array>;
        } catch (error) {
          throw await told(error);
        }
      };
      if (type === "file" || type === "contiguous-file")
        yield { path: name.replace(/^(\.\/)+/, ""), bytes: size, offset, isPacked, content };
      else if (type !== "directory") onOther(entry.header, { file: archive, offset });
      if (!asked) entry.resume();
    }
    await unpacking;
  } catch (error) {
    throw await told(error);
  } finally {
    entries.destroy();
  }
}

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

const drained = (entries: Extract): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      entries.off("drain", done).off("close", done);
      resolve();
    };
    entries.on("drain", done).on("close", done);
  });

function trailingZeros(chunk: Uint8Array): number {
  let zeros = 0;
  while (zeros < chunk.length && chunk[chunk.length - 1 - zeros] === 0) zeros++;
  return zeros;
}
