import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { UnusableDataset } from "@reluctant/contracts";
import { type PrepareProgress, prepareAll, requireDataFolders } from "@reluctant/datasets";
import { workerCache } from "./cache.ts";

/**
 * Where data sets are looked for: RELUCTANT_DATA, else `../shared/data` and `data` beside and in the checkout.
 * @throws ReluctantError when RELUCTANT_DATA names a folder that is not there
 */
export async function dataFolders(env: NodeJS.ProcessEnv, root: string): Promise<string[]> {
  if (!env.RELUCTANT_DATA) {
    return [join(root, "../shared/data"), join(root, "data")].filter((folder) => existsSync(folder));
  }
  const named = env.RELUCTANT_DATA.split(delimiter).filter(Boolean);
  await requireDataFolders(named, "RELUCTANT_DATA");
  return named;
}

/** Who is told how far the data sets are, and which of them cannot be used. */
export interface DataWatch {
  /** Called ten times a second for a data set that is met for the first time: CIFAR's 60,000 images take a minute. */
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
  readonly onUnusable?: ((dataset: UnusableDataset) => void) | undefined;
  /** Ends the decoding between two images. */
  readonly signal?: AbortSignal | undefined;
}

/** What a worker with this environment would decode first, decoded where its progress can be shown. */
export async function prepareWorkerData({
  env,
  setting,
  ...watch
}: DataWatch & { env: NodeJS.ProcessEnv; setting: string }): Promise<void> {
  const folders = (env.RELUCTANT_DATA ?? "").split(delimiter).filter(Boolean);
  await requireDataFolders(folders, setting);
  const cacheDir = await workerCache(env);
  if (cacheDir !== null) await prepareData({ ...watch, folders, cacheDir });
}

/**
 * Decodes before any worker starts, once for all of them, so that the wait shows its progress.
 * @throws the signal's reason once aborted
 */
export async function prepareData(input: DataWatch & { folders: readonly string[]; cacheDir: string }): Promise<void> {
  const { folders, cacheDir, onProgress, onUnusable, signal } = input;
  const readers = await prepareAll({
    folders,
    cacheDir: join(cacheDir, "datasets"),
    onProgress,
    onUnusable: (dataset) => onUnusable?.(dataset), // the worker that meets it again registers it
    signal,
  });
  for (const reader of readers) await reader.close();
}
