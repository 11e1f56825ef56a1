import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { discoverDatasets, requireLayout } from "../discover.ts";
import { DatasetError, unreadable } from "../errors.ts";
import { fingerprintOf } from "../files.ts";
import { type LeftOut, type Plan, plannedSource, type Tally } from "../layouts/layout.ts";
import { shardOf } from "../layouts/web-dataset.ts";
import { archiveName, datasetName, pairOf } from "../names.ts";
import { type PrepareProgress, ProgressReport } from "../progress.ts";
import { type DatasetSettings, settingsOf, withSettings } from "../settings.ts";
import type { Preprocessing } from "../source.ts";
import type { Split } from "../split.ts";
import { tarPlan } from "../tar.ts";
import { type FileTree, pick } from "../tree/file-tree.ts";
import { folderTree } from "../tree/folder-tree.ts";
import { openArchive } from "../tree/open-archive.ts";
import { type DeepLook, lookDeep } from "./deep.ts";
import { type ImageFacts, lookAtImages } from "./images.ts";
import { type ContactSheet, contactSheet } from "./sheet.ts";

/** What a data set on a disk is, before anything is made of it. */
export interface Inspection {
  readonly name: string;
  readonly path: string;
  /** What it was recognized as. */
  readonly layout: string;
  /** Where in the path that lies; null where it is all of it. */
  readonly root: string | null;
  /** Images of each split. */
  readonly splits: Readonly<Record<Split, number>>;
  readonly classes: readonly ({ readonly name: string } & Readonly<Record<Split, number>>)[];
  /** How much of it the numbers were counted on: 1 is all. */
  readonly counted: number;
  readonly images: ImageFacts;
  readonly preprocessing: Preprocessing | null;
  readonly leftOut: readonly LeftOut[];
  /** What to know or to do before it is used. */
  readonly notes: readonly string[];
  /** What preparing takes, estimated on the images that were looked at; null where it cannot be prepared as it is. */
  readonly preparing: { readonly bytes: number; readonly seconds: number } | null;
  readonly deep: DeepLook | null;
}

export interface InspectInput {
  deep: boolean;
  /** Told ten times a second how far a deep look is. */
  onProgress?: (progress: PrepareProgress) => void;
}

/**
 * Looks at a data set without writing anything: its names, and a few of its images. With `deep` every image is read and
 * decoded, to tell its version, which images are broken and what occurs in two splits.
 * @throws DatasetError where there is none: what is known, and what was nearest
 */
export async function inspectDataset(path: string, { deep, onProgress }: InspectInput): Promise<Inspection> {
  const { name, layout, root, plan: makePlan, tree } = await found(path);
  const folder = dirname(resolve(path));
  const settings = await settingsOf(folder, await readdir(folder), name);
  const plan = await makePlan(settings);
  const tally = await plan.count();
  const splits = splitCounts(tally);
  const total = Object.values(splits).reduce((sum, count) => sum + count, 0);
  const source = withSettings(
    plannedSource(name, tree, () => makePlan(settings)),
    settings,
  );
  const preprocessing = settings.preprocessing ?? null;
  const images = await lookAtImages(plan);
  const progress = new ProgressReport(name, (told) => onProgress?.(told));
  const counted = tally.share === 1 ? total : null;
  return {
    name,
    path: resolve(path),
    layout,
    root,
    splits,
    classes: [...tally.classes]
      .map(([label, counts]) => ({ name: label, ...splitsOf(counts) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    counted: tally.share,
    images,
    preprocessing,
    leftOut: plan.leftOut,
    notes: notesOn({ name, tally, images, preprocessing }),
    preparing: preparing(total, images, preprocessing),
    deep: deep
      ? await lookDeep(source, {
          onRead: (read) => progress.at("reading", read, counted),
          onDecoded: (decoded) => progress.at("decoding", decoded, counted),
        })
      : null,
  };
}

/** A picture of some images of each class. @throws DatasetError as `inspectDataset` */
export async function datasetSheet(path: string): Promise<ContactSheet> {
  const { name, plan } = await found(path);
  const folder = dirname(resolve(path));
  return contactSheet(await plan(await settingsOf(folder, await readdir(folder), name)));
}

interface FoundPlan {
  readonly name: string;
  readonly layout: string;
  readonly root: string | null;
  readonly tree: Pick<FileTree, "fingerprint">;
  plan(settings: DatasetSettings): Promise<Plan>;
}

/** @param path a folder, an archive, one half of two or one shard of several, also as `NAME-{train,val}-{000000..000009}.tar` */
async function found(given: string): Promise<FoundPlan> {
  const path = given.replace(/\{(\d+)\.\.\d+\}/, "$1").replace(/\{([^{},]+),[^{}]*\}/, "$1");
  const file = basename(resolve(path));
  const kind = await stat(path).catch((error) => {
    throw unreadable(path, error, "name another");
  });
  if (kind.isDirectory()) return inTree(datasetName(file), folderTree(path)).catch((error) => setsInside(path, error));
  const pair = pairOf(file);
  if (pair) {
    const archives = [pair.train, pair.val].map((half) => join(dirname(path), half));
    const tree = { fingerprint: (name: string) => fingerprintOf(name, archives) };
    return {
      name: pair.name,
      layout: "NAME-train.tar.gz with NAME-val.tar.gz",
      root: null,
      tree,
      plan: async () => tarPlan(archives),
    };
  }
  const shard = shardOf(file);
  if (shard?.dataset) return inTree(shard.dataset, await shardTree(dirname(path), shard.dataset));
  return inTree(archiveName(file) ?? file, await openArchive(path));
}

async function shardTree(folder: string, dataset: string): Promise<FileTree> {
  const shards = (await readdir(folder)).filter((name) => shardOf(name)?.dataset === dataset);
  return pick(folderTree(folder), shards, dataset);
}

async function inTree(name: string, tree: FileTree): Promise<FoundPlan> {
  const { layout, plan, tree: inside } = await requireLayout(tree);
  return { name, layout: layout.title, root: inside.root === tree.root ? null : inside.root, tree, plan };
}

/** A folder of data sets is none: then they are told. */
async function setsInside(path: string, error: unknown): Promise<never> {
  const inside = (await discoverDatasets([path])).filter(({ unusable }) => !unusable).map(({ name }) => name);
  if (inside.length === 0) throw error;
  const shown = inside.slice(0, 10).join(", ");
  throw new DatasetError(`is a folder of data sets: ${shown}`, { file: path, fix: "name one of what lies in it" });
}

type Counts = Readonly<Record<"train" | "validation" | "test", number>>;

/** Of each class the tenth of train, at least one, is held out, unless the data set brings its own validation part. */
function splitsOf({ train, validation, test }: Counts): Record<Split, number> {
  if (validation > 0) return { train, validation, test };
  const heldOut = train === 0 ? 0 : Math.max(1, Math.round(train / 10));
  return { train: train - heldOut, validation: heldOut, test };
}

function splitCounts({ classes }: Tally): Record<Split, number> {
  const counts = { train: 0, validation: 0, test: 0 };
  for (const each of classes.values()) {
    const own = splitsOf(each);
    for (const split of ["train", "validation", "test"] as const) counts[split] += own[split];
  }
  return counts;
}

/** Of a place in files.txt's records, beside the path. */
const indexedBytes = 24;

function preparing(total: number, images: ImageFacts, preprocessing: Preprocessing | null) {
  const { shape, packedBytesEach, secondsEach } = images;
  if (preprocessing?.streamed)
    return { bytes: total * (indexedBytes + packedBytesEach), seconds: total * secondsEach.read };
  const side = preprocessing?.crop;
  const pixels = side ? side * side * 3 : shape && shape[0] * shape[1] * 3;
  return pixels ? { bytes: total * pixels, seconds: total * (secondsEach.read + secondsEach.decode) } : null;
}

function notesOn(seen: {
  name: string;
  tally: Tally;
  images: ImageFacts;
  preprocessing: Preprocessing | null;
}): string[] {
  const { name, tally, images, preprocessing } = seen;
  const notes: string[] = [];
  const without = (part: "train" | "test") => [...tally.classes].filter(([, counts]) => counts[part] === 0);
  const untested = without("test");
  if (untested.length > 0 && tally.share === 1)
    notes.push(`${classesHave(untested)} no test image: ${namesOf(untested)}`);
  const untrained = without("train");
  if (untrained.length > 0 && tally.share === 1)
    notes.push(`${classesHave(untrained)} no train image, so it is refused: ${namesOf(untrained)}`);
  if (tally.classes.size < 2 && tally.share === 1)
    notes.push(`it has ${tally.classes.size} class, so it is refused: at least 2 are needed`);
  if (!images.shape && !preprocessing && images.looked > images.broken.length)
    notes.push(
      `its images are of many sizes: put {"resize": ${images.medianSide}, "crop": ${images.medianSide}} in ${name}.preprocess.json beside it, or with "streamed": true besides`,
    );
  if (images.broken.length > 0)
    notes.push(`${images.broken.length} of the ${images.looked} images looked at are broken; at most 1 % may be`);
  if (images.mislabeled > 0)
    notes.push(
      `${images.mislabeled} of the ${images.looked} images looked at are of another format than their names say; they are read`,
    );
  return notes;
}

const classesHave = ({ length }: readonly unknown[]): string =>
  length === 1 ? "1 class has" : `${length} classes have`;

const namesOf = (classes: readonly [string, unknown][]): string => {
  const names = classes.slice(0, 5).map(([name]) => name);
  return classes.length > 5 ? `${names.join(", ")} …` : names.join(", ");
};
