import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { discoverDatasets } from "./discover.ts";
import { glyphs } from "./glyphs.ts";
import { manifest } from "./manifest.ts";
import { prepare } from "./prepare.ts";
import { type DatasetReader, isPrepared, openPrepared } from "./reader.ts";
import type { DatasetSource } from "./source.ts";

export interface PrepareAllInput {
  /** Searched for data sets, in order; one called `glyphs` or `glyphs-small` stands for that generated data set. */
  folders: readonly string[];
  cacheDir: string;
  onProgress?: (name: string, done: number, total: number) => void;
  /** Told of a data set that cannot be used, so that it does not keep a worker from the others. */
  onBroken: (name: string, error: unknown) => void;
}

/** `glyphs-small` is for demonstrations and tests, where evaluating thousands of images would be most of the work. */
const generated = new Map([
  ["glyphs", () => glyphs()],
  ["glyphs-small", () => glyphs({ train: 4_000, test: 500 }, 0, "glyphs-small")],
]);

/** Prepares and opens every data set of the folders, and the generated one when there is no other. */
export async function prepareAll({
  folders,
  cacheDir,
  onProgress,
  onBroken,
}: PrepareAllInput): Promise<DatasetReader[]> {
  const sources = await discoverDatasets(folders.filter((folder) => !generated.has(basename(folder))));
  for (const folder of folders) sources.push(...[generated.get(basename(folder))].flatMap((make) => make?.() ?? []));
  if (sources.length === 0) sources.push(glyphs());
  const readers: DatasetReader[] = [];
  for (const source of sources) {
    try {
      readers.push(await prepareOnce(source, cacheDir, (done, total) => onProgress?.(source.name, done, total)));
    } catch (error) {
      onBroken(source.name, error);
    }
  }
  return readers;
}

/** A source whose fingerprint was seen before is not read again: a start takes 0.1 s instead of 2 to 4 s. */
async function prepareOnce(
  source: DatasetSource,
  cacheDir: string,
  onProgress: (done: number, total: number) => void,
): Promise<DatasetReader> {
  const fingerprint = await source.fingerprint();
  const known = fingerprint && join(cacheDir, "seen", createHash("sha256").update(fingerprint).digest("hex"));
  const version = known && (await readFile(known, "utf8").catch(() => null));
  if (version && (await isPrepared(cacheDir, version))) return openPrepared(cacheDir, version);
  const reader = await prepare({ source, manifest: await manifest(source), cacheDir, onProgress });
  if (known) {
    await mkdir(join(cacheDir, "seen"), { recursive: true });
    await writeFile(`${known}.${process.pid}`, reader.version);
    await rename(`${known}.${process.pid}`, known);
  }
  return reader;
}
