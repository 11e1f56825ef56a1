import type { Readable } from "node:stream";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { DatasetError, isSystemError, reason, unreadable } from "../errors.ts";
import { fingerprintOf } from "../files.ts";
import { maxSampleBytes } from "../source.ts";
import type { FileTree } from "./file-tree.ts";
import { byPath, indexOf, type PathIndex } from "./path-index.ts";

/** The files of a zip archive, of which nothing is unpacked but what is asked for. */
export function zipTree(archive: string): FileTree {
  let known: Promise<Directory> | undefined;
  const directory = () => {
    known ??= readDirectory(archive);
    return known;
  };
  const place = (path: string) => (path === "" ? archive : `${archive}:${path}`);

  const entryOf = async (path: string): Promise<Entry> => {
    const entry = (await directory()).entries.get(path);
    if (entry) return entry;
    throw new DatasetError("is not in the archive", { file: place(path), fix: "pack it again" });
  };

  async function* read(zip: ZipFile, path: string): AsyncGenerator<Uint8Array> {
    const entry = await entryOf(path);
    if (entry.isEncrypted())
      throw new DatasetError("is encrypted", { file: place(path), fix: "pack it without a password" });
    try {
      yield* (await zip.openReadStreamPromise(entry)) as Readable & AsyncIterable<Uint8Array>;
    } catch (error) {
      throw damaged(place(path), error);
    }
  }

  async function whole(zip: ZipFile, path: string, most: number): Promise<Uint8Array> {
    const size = (await entryOf(path)).uncompressedSize;
    if (size > most)
      throw new DatasetError(`has ${size} bytes, more than the limit of ${most}`, {
        file: place(path),
        fix: "pack the data set without it",
      });
    const pieces: Uint8Array[] = [];
    for await (const piece of read(zip, path)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  return {
    root: archive,
    list: async (folder) => (await directory()).index.list(folder),
    size: async (path) => (await entryOf(path)).uncompressedSize,
    read: (path, most) => withZip(archive, (zip) => whole(zip, path, most)),
    async *stream(path) {
      const zip = await openZip(archive);
      try {
        yield* read(zip, path);
      } finally {
        zip.close();
      }
    },
    async *readAll(paths) {
      const zip = await openZip(archive);
      try {
        for (const path of paths) yield { path, bytes: await whole(zip, path, maxSampleBytes), file: place(path) };
      } finally {
        zip.close();
      }
    },
    local: async () => null,
    place,
    fingerprint: (name) => fingerprintOf(name, [archive]),
  };
}

interface Directory {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly index: PathIndex;
}

const readDirectory = (archive: string): Promise<Directory> =>
  withZip(archive, async (zip) => {
    const entries = await byPath(filesOf(zip, archive), ({ fileName }) => fileName, archive);
    return { entries, index: indexOf(entries.keys(), archive) };
  });

async function* filesOf(zip: ZipFile, archive: string): AsyncGenerator<Entry> {
  try {
    for await (const entry of zip.eachEntry()) if (isFile(entry)) yield entry;
  } catch (error) {
    throw damaged(archive, error);
  }
}

/** Folders end with `/`; links are files whose attributes, as Unix packs them, say so. */
const isFile = ({ fileName, externalFileAttributes }: Entry): boolean =>
  !fileName.endsWith("/") && ((externalFileAttributes >>> 16) & 0o170000) !== 0o120000;

async function withZip<T>(archive: string, work: (zip: ZipFile) => Promise<T>): Promise<T> {
  const zip = await openZip(archive);
  try {
    return await work(zip);
  } finally {
    zip.close();
  }
}

const openZip = (archive: string): Promise<ZipFile> =>
  yauzl.openPromise(archive, { autoClose: false }).catch((error) => {
    throw damaged(archive, error);
  });

function damaged(file: string, error: unknown): Error {
  if (error instanceof DatasetError) return error;
  if (isSystemError(error)) return unreadable(file, error, "put it back");
  return new DatasetError(`the zip archive is damaged (${reason(error)})`, {
    file,
    fix: "fetch it again",
    cause: error,
  });
}
