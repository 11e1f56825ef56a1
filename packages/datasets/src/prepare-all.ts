import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { UnusableDataset } from "@reluctant/contracts";
import { discoverDatasets } from "./discover.ts";
import { DatasetError, UnknownLayout } from "./errors.ts";
import { glyphs } from "./glyphs.ts";
import { manifest } from "./manifest.ts";
import { prepare } from "./prepare.ts";
import { observed, type PrepareProgress, ProgressReport } from "./progress.ts";
import { type DatasetReader, isPrepared, openPrepared } from "./reader.ts";
import type { DatasetSource } from "./source.ts";
import { splits } from "./split.ts";
import { unusable } from "./unusable.ts";

export interface PrepareAllInput {
  /** Searched for data sets, in order; one called `glyphs` or `glyphs-small` stands for that generated data set. */
  folders: readonly string[];
  cacheDir: string;
  /** Told ten times a second how far a data set is that is met for the first time. */
  onProgress?: ((progress: PrepareProgress) => void) | undefined;
  /** Told of a data set that cannot be used: it does not keep a worker from the others. */
  onUnusable: (dataset: UnusableDataset) => void;
  /** Ends it between two images; nothing half-written stays. */
  signal?: AbortSignal | undefined;
}

/** `glyphs-small` is for demonstrations and tests, where evaluating thousands of images would be most of the work. */
const generated = new Map([
  ["glyphs", () => glyphs()],
  ["glyphs-small", () => glyphs({ train: 4_000, test: 500 }, 0, "glyphs-small")],
]);

/** Whether a folder's name stands for a generated data set, which needs no folder. */
export const isGenerated = (folder: string): boolean => generated.has(basename(folder));

/**
 * Prepares and opens every data set of the folders, and the generated one when none of them can be used.
 * @throws the signal's reason once aborted
 */
export async function prepareAll(input: PrepareAllInput): Promise<DatasetReader[]> {
  const { folders, onUnusable, signal } = input;
  const sources = await discoverDatasets(folders.filter((folder) => !isGenerated(folder)));
  for (const folder of folders) sources.push(...[generated.get(basename(folder))].flatMap((make) => make?.() ?? []));
  const readers: DatasetReader[] = [];
  const open = async (source: DatasetSource) => {
    try {
      const reader = await prepareOnce(source, input);
      const same = readers.find(({ version }) => version === reader.version);
      if (!same) return void readers.push(reader);
      await reader.close();
      throw sameImages(source.name, same.name);
    } catch (error) {
      signal?.throwIfAborted();
      if (source.isPerhapsNone && error instanceof UnknownLayout) return;
      onUnusable(unusable(source.name, error));
    }
  };
  try {
    for (const source of sources) await open(source);
    if (readers.length === 0) await open(glyphs());
  } catch (error) {
    for (const reader of readers) await reader.close();
    throw error;
  }
  return readers;
}

/** A version is its bytes, whatever it is called, and is registered under one name. */
const sameImages = (name: string, other: string): DatasetError =>
  new DatasetError(`holds the same images as ${other}`, {
    file: name,
    fix: `use it as ${other}, or remove one of them`,
  });

/** A source whose fingerprint was seen before is not read again: a start takes 0.1 s instead of 2 to 4 s. */
async function prepareOnce(
  source: DatasetSource,
  { cacheDir, onProgress, signal }: PrepareAllInput,
): Promise<DatasetReader> {
  const fingerprint = await source.fingerprint();
  const known = fingerprint && join(cacheDir, "seen", createHash("sha256").update(fingerprint).digest("hex"));
  const version = known && (await readFile(known, "utf8").catch(() => null));
  if (version && (await isPrepared(cacheDir, version))) return openPrepared(cacheDir, version);
  const progress = new ProgressReport(source.name, (told) => onProgress?.(told));
  const described = await manifest(observed(source, signal, (read) => progress.at("reading", read, null)));
  const reader = await prepare({
    source: observed(source, signal, () => {}),
    manifest: described,
    cacheDir,
    onProgress: (done, total) => progress.at("decoding", done, total),
  });
  const images = splits.reduce((sum, split) => sum + reader.size(split), 0);
  const met = described.samples.length + (described.broken?.length ?? 0);
  progress.ready(images, met - images);
  if (known) {
    await mkdir(join(cacheDir, "seen"), { recursive: true });
    await writeFile(`${known}.${process.pid}`, reader.version);
    await rename(`${known}.${process.pid}`, known);
  }
  return reader;
}
