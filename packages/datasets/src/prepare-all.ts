import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { DatasetRegistration, UnusableDataset } from "@reluctant/contracts";
import { type Holding, takeFolder } from "@reluctant/machine";
import { discoverDatasets } from "./discover.ts";
import { DatasetError, UnknownLayout } from "./errors.ts";
import { glyphs } from "./glyphs.ts";
import { shardOf } from "./layouts/web-dataset.ts";
import { manifest } from "./manifest.ts";
import { archiveName, datasetName, pairOf } from "./names.ts";
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
  /** Told of each as soon as it can be read: those that were met before first. */
  onReady?: ((reader: DatasetReader) => void) | undefined;
  /** Told once those are open that were met before: the names of what is still to be prepared. */
  onOpened?: ((left: readonly string[]) => void) | undefined;
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
 * Prepares and opens every data set of the folders, and the generated one when none of them can be used. Those that were met
 * before come first, which takes no time; a version that lies there twice has a reader under each name.
 * @throws the signal's reason once aborted
 */
export async function prepareAll(input: PrepareAllInput): Promise<DatasetReader[]> {
  const { folders, onUnusable, onReady, onOpened, signal } = input;
  const sources = await discoverDatasets(folders.filter((folder) => !isGenerated(folder)));
  for (const folder of folders) sources.push(...[generated.get(basename(folder))].flatMap((make) => make?.() ?? []));
  const readers: DatasetReader[] = [];
  /** False where it is still to be prepared. */
  const settle = async (source: DatasetSource, open: () => Promise<DatasetReader | null>): Promise<boolean> => {
    try {
      const reader = await open();
      if (!reader) return false;
      readers.push(reader);
      onReady?.(reader);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(source.isPerhapsNone && error instanceof UnknownLayout)) onUnusable(unusable(source.name, error));
    }
    return true;
  };
  const left: DatasetSource[] = [];
  try {
    for (const source of sources) if (!(await settle(source, () => openMet(source, input.cacheDir)))) left.push(source);
    if (readers.length + left.length === 0) left.push(glyphs());
    onOpened?.(left.map(({ name }) => name));
    for (const source of left) await settle(source, () => prepareOnce(source, input));
    if (readers.length === 0) await settle(glyphs(), () => prepareOnce(glyphs(), input));
  } catch (error) {
    for (const reader of readers) await reader.close();
    throw error;
  }
  return readers;
}

/**
 * Prepares the one data set that a path names: a folder, an archive, or one half or shard of one; or that of a generated one's name.
 * @throws DatasetError when it cannot be used
 */
export async function prepareAt(
  path: string,
  input: Omit<PrepareAllInput, "folders" | "onUnusable">,
): Promise<DatasetReader> {
  const file = basename(path);
  const made = generated.get(file)?.();
  const name = pairOf(file)?.name ?? shardOf(file)?.dataset ?? archiveName(file) ?? datasetName(file);
  const sources = made ? [made] : await discoverDatasets([dirname(path)]);
  const source = sources.find((candidate) => candidate.name === name);
  const fix = "name its folder or archive; npx reluctant datasets inspect says what one holds";
  if (!source) throw new DatasetError("is no data set that is known here", { file: path, fix });
  return prepareOnce(source, { ...input, folders: [], onUnusable: () => {} });
}

/** What the installation is told of a prepared data set. */
export function registrationOf({ name, version, classes, inputShape, size }: DatasetReader): DatasetRegistration {
  const [height, width, channels] = inputShape;
  const splits = { train: size("train"), validation: size("validation"), test: size("test") };
  return { name, version, classes: [...classes], inputShape: [height, width, channels], splits };
}

/** Where the version of a source of this fingerprint is noted; null where only reading everything can tell. */
async function noteOf(source: DatasetSource, cacheDir: string): Promise<string | null> {
  const fingerprint = await source.fingerprint();
  return fingerprint && join(cacheDir, "seen", digest(fingerprint));
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A source whose fingerprint was seen before is not read again: a start takes 0.1 s instead of 2 to 4 s. Else null. */
async function openMet(source: DatasetSource, cacheDir: string): Promise<DatasetReader | null> {
  const note = await noteOf(source, cacheDir);
  const version = note && (await readFile(note, "utf8").catch(() => null));
  if (!version || !(await isPrepared(cacheDir, version))) return null;
  return { ...(await openPrepared(cacheDir, version)), name: source.name };
}

/** One process of a machine prepares it; the others wait, and find it there. */
async function prepareOnce(source: DatasetSource, input: PrepareAllInput): Promise<DatasetReader> {
  const { cacheDir, signal } = input;
  const note = await noteOf(source, cacheDir);
  const turn = await ownTurn(join(cacheDir, "turns", note ? basename(note) : digest(source.name)), signal);
  try {
    const met = await openMet(source, cacheDir);
    if (met) return met;
    const reader = await prepareAnew(source, input);
    if (note) {
      await mkdir(dirname(note), { recursive: true });
      await writeFile(`${note}.${process.pid}`, reader.version);
      await rename(`${note}.${process.pid}`, note);
    }
    return { ...reader, name: source.name };
  } finally {
    await turn.release();
  }
}

/** Milliseconds between two looks whether another process has prepared it. */
const lookEveryMs = 500;

async function ownTurn(folder: string, signal: AbortSignal | undefined): Promise<Holding<null>> {
  for (;;) {
    const taken = await takeFolder<null>(folder, () => null);
    if ("holding" in taken) return taken.holding;
    await delay(lookEveryMs, undefined, { signal });
  }
}

async function prepareAnew(source: DatasetSource, { cacheDir, onProgress, signal }: PrepareAllInput) {
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
  return reader;
}
