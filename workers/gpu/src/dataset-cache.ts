import { createHash } from "node:crypto";
import {
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ArtifactStore } from "@reluctant/artifacts";
import type { DatasetPart } from "@reluctant/control";
import { DatasetError, isPrepared, requireOwnImages } from "@reluctant/datasets";
import { type Holding, takeFolder } from "@reluctant/machine";
import { AttemptFailure } from "./attempt-failure.ts";

/** Shards that a slot fetches at once. */
const lanes = 4;
/** Between two looks at what another slot is fetching. */
const lookMs = 100;

/** Data sets that somebody pushed, fetched when a run needs them; the slots of a machine share them. */
export interface DatasetCache {
  /**
   * Sees to it that the version lies in the cache, and stays there until it is released. One that was prepared here is there, and
   * stays for good.
   * @throws AttemptFailure when nobody pushed it, it is larger than the cache may be, or other bytes arrived
   */
  use(version: string, signal: AbortSignal): Promise<{ release(): Promise<void> }>;
}

export interface DatasetCacheOptions {
  /** Holds a folder for each version, prepared or fetched. */
  folder: string;
  /** Tells the slots of the machine apart. */
  slotName: string;
  artifacts: Pick<ArtifactStore, "get">;
  /** What was pushed of a version; nothing where nobody did. */
  partsOf(version: string): Promise<DatasetPart[]>;
  /** Of all that is fetched. What runs use is never taken away. */
  maxBytes: number;
}

/**
 * Beside the versions lies `fetched/`, with a folder for each that was fetched: `bytes` says how many it has, and by its date when it
 * was last used; `users/` who uses it; until it is whole `files/` what came so far, `done/` which shards those are, and `shards/`
 * who fetches which; and `evicted/` what is being removed. A version without `bytes` there was not fetched: whatever lies here of
 * it was prepared here.
 */
export function createDatasetCache({
  folder,
  slotName,
  artifacts,
  partsOf,
  maxBytes,
}: DatasetCacheOptions): DatasetCache {
  const fetched = join(folder, "fetched");
  const placeOf = (version: string) => join(fetched, version);
  const bytesFile = (version: string) => join(placeOf(version), "bytes");

  /** One slot at a time: nobody begins to use what another evicts. */
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      const taken = await takeFolder(join(fetched, "lock"), () => null);
      if ("holding" in taken) return work().finally(() => taken.holding.release());
      await delay(lookMs);
    }
  };

  const fetch = async (version: string, signal: AbortSignal): Promise<void> => {
    const shards = shardsOf(await partsOf(version));
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    if (shards.length === 0)
      throw new AttemptFailure("internal", `data set version ${version} is not on this machine, and nobody pushed it`);
    if (bytes > maxBytes) {
      const room = `RELUCTANT_FETCHED_GB allows ${maxBytes / 1e9}`;
      throw new AttemptFailure("internal", `data set version ${version} has ${Math.ceil(bytes / 1e9)} GB, and ${room}`);
    }
    await exclusively(async () => {
      await evict(fetched, folder, { room: maxBytes - bytes, spared: version });
      await rm(join(placeOf(version), "evicted"), { recursive: true, force: true }); // by a process that was killed
      await writeFile(bytesFile(version), String(bytes));
    });
    const place = placeOf(version);
    for (const name of ["files", "done"]) await mkdir(join(place, name), { recursive: true });
    for (;;) {
      const left = shards.values();
      let others = false;
      const lane = async () => {
        for (const shard of left) if (!(await bring(place, shard, signal))) others = true;
      };
      await allOf(Array.from({ length: lanes }, lane));
      if (!others) break;
      await delay(lookMs, undefined, { signal });
    }
    await requireOwnImages(join(place, "files")).catch(async (error: unknown) => {
      if (error instanceof DatasetError) throw new AttemptFailure("internal", error.message);
      if (!(await isPrepared(folder, version))) throw error; // else another slot was first
    });
    await rename(join(place, "files"), join(folder, version)).catch(async (error: unknown) => {
      if (!(await isPrepared(folder, version))) throw error; // else another slot was first
    });
    for (const name of ["done", "shards"]) await rm(join(place, name), { recursive: true, force: true });
  };

  /** False while another slot fetches the shard. */
  const bring = async (place: string, shard: Placed, signal: AbortSignal): Promise<boolean> => {
    signal.throwIfAborted();
    const isDone = () => isThere(join(place, "done", String(shard.number)));
    if (await isDone()) return true;
    const taken = await takeFolder(join(place, "shards", String(shard.number)), () => null);
    if ("heldBy" in taken) return false;
    try {
      if (!(await isDone())) await download(place, shard, signal);
      return true;
    } finally {
      await taken.holding.release();
    }
  };

  const download = async (place: string, shard: Placed, signal: AbortSignal): Promise<void> => {
    const path = join(place, "files", shard.path);
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      await writeShard(file, shard, signal);
      await file.datasync();
    } finally {
      await file.close();
    }
    await writeFile(join(place, "done", String(shard.number)), "");
  };

  const writeShard = async (file: FileHandle, { sha256, offset, path }: Placed, signal: AbortSignal) => {
    const stored = await artifacts.get(sha256);
    if (!stored)
      throw new AttemptFailure("internal", `shard ${sha256} of a data set is not in the store: push it again`);
    const hash = createHash("sha256");
    let at = offset;
    for await (const piece of stored.body) {
      signal.throwIfAborted();
      hash.update(piece);
      for (let written = 0; written < piece.length; )
        written += (await file.write(piece, written, piece.length - written, at + written)).bytesWritten;
      at += piece.length;
    }
    if (hash.digest("hex") !== sha256)
      throw new AttemptFailure("internal", `shard ${sha256} of ${path} arrived with other bytes`);
  };

  return {
    async use(version, signal) {
      // In this order: what is fetched has its bytes noted before it is whole.
      const isHere = await isPrepared(folder, version);
      if (isHere && !(await isThere(bytesFile(version)))) return { release: async () => {} };
      const user = await exclusively(() => takeUse(join(placeOf(version), "users", encodeURIComponent(slotName))));
      try {
        if (!(await isPrepared(folder, version))) await fetch(version, signal);
        await utimes(bytesFile(version), new Date(), new Date());
        return user;
      } catch (error) {
        await user.release();
        throw error;
      }
    },
  };
}

/** A shard, and where in its file it belongs. */
interface Placed extends DatasetPart {
  number: number;
  offset: number;
}

function shardsOf(parts: readonly DatasetPart[]): Placed[] {
  const ends = new Map<string, number>();
  return parts.map((part, number) => {
    const offset = ends.get(part.path) ?? 0;
    ends.set(part.path, offset + part.bytes);
    return { ...part, number, offset };
  });
}

async function takeUse(folder: string): Promise<Holding<null>> {
  const taken = await takeFolder(folder, () => null);
  if ("holding" in taken) return taken.holding;
  throw new Error(`two processes serve the slot of ${folder}`);
}

/** Removes what was fetched and is not in use, the least recently used first, until what is left has at most `room` bytes. */
async function evict(
  fetched: string,
  folder: string,
  { room, spared }: { room: number; spared: string },
): Promise<void> {
  const versions = (await readdir(fetched)).filter((name) => /^[0-9a-f]{64}$/.test(name) && name !== spared);
  const found = await Promise.all(
    versions.map(async (version) => {
      const file = join(fetched, version, "bytes");
      const seen = await stat(file).catch(() => null);
      return seen && { version, usedAt: seen.mtimeMs, bytes: Number(await readFile(file, "utf8")) };
    }),
  );
  const kept = found.filter((version) => version !== null);
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { version, bytes } of kept.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= room) return;
    if (await isUsed(join(fetched, version, "users"))) continue;
    await removeFetched(join(fetched, version), join(folder, version));
    total -= bytes;
  }
}

/** Cut off at any moment, it leaves no version that looks whole and is not, and no shard as done whose bytes are gone. */
async function removeFetched(place: string, prepared: string): Promise<void> {
  const remove = (path: string) => rm(path, { recursive: true, force: true });
  const evicted = join(place, "evicted");
  await remove(evicted);
  await rename(prepared, evicted).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error; // else its fetch did not end
  });
  for (const name of ["evicted", "done", "files"]) await remove(join(place, name));
  await remove(place);
}

async function isUsed(users: string): Promise<boolean> {
  for (const name of await readdir(users).catch(() => [])) {
    const taken = await takeFolder(join(users, name), () => null);
    if ("heldBy" in taken) return true;
    await taken.holding.release();
  }
  return false;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** All of them ended, before the first one's error is thrown: none goes on writing meanwhile. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
