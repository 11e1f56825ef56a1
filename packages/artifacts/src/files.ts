import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ByteStore, type StagedBytes, StoreUnavailable } from "./byte-store.ts";

const readBytes = 2 ** 20;

/**
 * Artifacts as files of a folder that all processes share, as on NFS: `ab/abcdef…`, synced to disk before they are named, and
 * named by a hard link, which shows all of a file or nothing. What is written is staged in `staging/`, which whoever sets the
 * store up makes, and nobody else: a mount point is there also while its mount is away, and without `staging/` nothing is
 * written to, or taken for removed from, the disk beneath.
 */
export function fileBytes(folder: string): ByteStore {
  const location = `file://${folder}`;
  const staging = join(folder, "staging");
  const fileOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);

  /** @throws StoreUnavailable where the folder is not there, or another one is in its place */
  const requireStaging = async (): Promise<void> => {
    try {
      if ((await stat(staging).catch(unless("ENOENT")))?.isDirectory()) return;
      throw new Error(`there is no folder ${staging}: mount the store, or make that folder where it is new`);
    } catch (cause) {
      throw new StoreUnavailable(location, { cause });
    }
  };

  const publish = async (from: string, sha256: string): Promise<void> => {
    await requireStaging();
    const to = fileOf(sha256);
    await makeFolder(dirname(to));
    await link(from, to).catch(unless("EEXIST"));
    await synced(dirname(to));
  };

  return {
    location,

    async stage(bytes): Promise<StagedBytes> {
      await requireStaging();
      const path = join(staging, randomUUID());
      const discard = () => rm(path, { force: true });
      try {
        const written = await write(path, bytes);
        return { ...written, publish: () => publish(path, written.sha256), discard };
      } catch (error) {
        await discard().catch(() => {}); // what cannot be removed now is swept later
        throw error;
      }
    },

    async *read(sha256, { start, end }) {
      if (start === end) return;
      try {
        yield* createReadStream(fileOf(sha256), { start, end: end - 1, highWaterMark: readBytes });
      } catch (error) {
        await requireStaging();
        throw error;
      }
    },

    async remove(sha256) {
      await requireStaging();
      await rm(fileOf(sha256), { force: true });
    },

    async sweep(olderThanMs) {
      let swept = 0;
      for (const name of (await readdir(staging).catch(unless("ENOENT"))) ?? []) {
        const { mtimeMs } = await stat(join(staging, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY })); // ended meanwhile
        if (mtimeMs > Date.now() - olderThanMs) continue;
        await rm(join(staging, name), { force: true });
        swept += 1;
      }
      return swept;
    },
  };
}

async function write(path: string, bytes: AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let size = 0;
  const file = await open(path, "wx");
  try {
    for await (const piece of bytes) {
      hash.update(piece);
      size += piece.length;
      await writeAll(file, piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), bytes: size };
}

/** One call may write less than it is given. */
async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten;
}

/** A name outlives a loss of power once its folder is synced. */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

const makeFolder = (folder: string) => mkdir(folder).catch(unless("EEXIST"));

/** Null for an error of this code, which says that there is nothing to do. */
const unless =
  (code: string) =>
  (error: unknown): null => {
    if ((error as NodeJS.ErrnoException).code === code) return null;
    throw error;
  };
