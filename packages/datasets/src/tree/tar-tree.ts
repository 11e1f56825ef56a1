import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { DatasetError } from "../errors.ts";
import { fingerprintOf } from "../files.ts";
import { maxSampleBytes } from "../source.ts";
import { archiveContent, archiveEntries, archiveFiles, passOver, type StoredFile } from "./archive.ts";
import type { FileTree, TreeFile } from "./file-tree.ts";
import { byPath, indexOf, type PathIndex } from "./path-index.ts";

/**
 * The files of a tar archive. Of one that is not packed, each is read where it lies; of another the archive is unpacked anew,
 * in memory and one file at a time, whenever something is asked for.
 */
export function tarTree(archive: string): FileTree {
  let known: Promise<Directory> | undefined;
  const directory = () => {
    known ??= readDirectory(archive);
    return known;
  };
  const place = (path: string) => (path === "" ? archive : `${archive}:${path}`);
  const stored = async (path: string): Promise<StoredFile> => {
    const file = (await directory()).files.get(path);
    if (file) return file;
    throw new DatasetError("is not in the archive", { file: place(path), fix: "pack it again" });
  };

  async function* stream(path: string): AsyncGenerator<Uint8Array> {
    const { offset, bytes, isPacked } = await stored(path);
    if (isPacked) yield* archiveContent(archive, path);
    else if (bytes > 0) yield* createReadStream(archive, { start: offset + 512, end: offset + 512 + bytes - 1 });
  }

  async function* sought(paths: readonly string[]): AsyncGenerator<TreeFile> {
    const handle = await open(archive);
    try {
      for (const path of paths) {
        const { offset, bytes: size } = await stored(path);
        requireBounded(place(path), size, maxSampleBytes);
        const { buffer } = await handle.read(new Uint8Array(size), 0, size, offset + 512);
        yield { path, bytes: buffer, file: place(path), offset, location: { file: archive, offset: offset + 512 } };
      }
    } finally {
      await handle.close();
    }
  }

  async function* unpacked(paths: readonly string[]): AsyncGenerator<TreeFile> {
    const wanted = new Set(paths);
    const accept = (path: string) => (wanted.has(path) ? path : undefined);
    for await (const { accepted: path, bytes, offset } of archiveEntries(archive, accept, passOver))
      yield { path, bytes, file: place(path), offset };
  }

  return {
    root: archive,
    list: async (folder) => (await directory()).index.list(folder),
    size: async (path) => (await stored(path)).bytes,
    async read(path, most) {
      requireBounded(place(path), (await stored(path)).bytes, most);
      const pieces: Uint8Array[] = [];
      for await (const piece of stream(path)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    stream,
    async *readAll(paths) {
      const [first] = paths;
      if (first !== undefined) yield* (await stored(first)).isPacked ? unpacked(paths) : sought(paths);
    },
    local: async () => null,
    place,
    fingerprint: (name) => fingerprintOf(name, [archive]),
  };
}

interface Directory {
  readonly files: ReadonlyMap<string, StoredFile>;
  readonly index: PathIndex;
}

async function readDirectory(archive: string): Promise<Directory> {
  const files = await byPath(archiveFiles(archive), ({ path }) => path, archive);
  return { files, index: indexOf(files.keys(), archive) };
}

function requireBounded(file: string, bytes: number, most: number): void {
  if (bytes > most)
    throw new DatasetError(`has ${bytes} bytes, more than the limit of ${most}`, {
      file,
      fix: "pack the data set without it",
    });
}
