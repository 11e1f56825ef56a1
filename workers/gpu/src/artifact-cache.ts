import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { link, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ArtifactStore } from "@reluctant/artifacts";
import { fileSha256 } from "@reluctant/machine";
import { AttemptFailure } from "./attempt-failure.ts";

/** Room for the checkpoints and weights of some hundred stage runs. */
const defaultMaxBytes = 20e9;

/** Downloaded artifacts by SHA-256, least recently used out first; safe for the several workers of a machine. */
export interface ArtifactCache {
  /**
   * Puts the artifact's bytes, checked against their name, at the new path `to` of the same file system.
   * @throws AttemptFailure `bad-input` when the store does not have it, or has other bytes under its name
   */
  fetch(sha256: string, to: string, signal: AbortSignal): Promise<void>;
}

export function createArtifactCache(options: {
  folder: string;
  artifacts: ArtifactStore;
  maxBytes?: number;
}): ArtifactCache {
  const { folder, artifacts, maxBytes = defaultMaxBytes } = options;

  const download = async (sha256: string, to: string, signal: AbortSignal): Promise<void> => {
    const stored = await artifacts.get(sha256);
    if (!stored) throw new AttemptFailure("bad-input", `artifact ${sha256} is not in the store`);
    const partial = join(folder, `${sha256}.${randomUUID()}.partial`);
    try {
      await pipeline(Readable.from(stored.body), createWriteStream(partial, { flags: "wx" }), { signal });
      if ((await fileSha256(partial)) !== sha256) {
        throw new AttemptFailure("bad-input", `artifact ${sha256} arrived with other bytes`);
      }
      await link(partial, to);
      await rename(partial, join(folder, sha256));
    } finally {
      await rm(partial, { force: true });
    }
  };

  return {
    async fetch(sha256, to, signal) {
      await mkdir(folder, { recursive: true });
      await link(join(folder, sha256), to).catch(() => {}); // ours from here on: another slot may evict it, or mend it, meanwhile
      if ((await fileSha256(to).catch(() => null)) === sha256) await utimes(to, new Date(), new Date());
      else {
        await rm(to, { force: true });
        await download(sha256, to, signal);
      }
      await evict(folder, maxBytes);
    },
  };
}

/** A download that nobody has written to for a day was left by a killed worker. */
const abandonedAfterMs = 24 * 60 * 60 * 1_000;

async function evict(folder: string, maxBytes: number): Promise<void> {
  const entries = await readdir(folder);
  for (const name of entries.filter((entry) => entry.endsWith(".partial"))) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(join(folder, name), { force: true });
  }
  const names = entries.filter((name) => /^[0-9a-f]{64}$/.test(name));
  const files = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name)).catch(() => ({ size: 0, mtimeMs: 0 })); // another worker evicts too
      return { name, size, mtimeMs };
    }),
  );
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { name, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (total <= maxBytes) return;
    await rm(join(folder, name), { force: true });
    total -= size;
  }
}
