import { readdir, readlink, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { catalog } from "@reluctant/relu";
import { cifar10Layout, cifar100Layout, cifarSource } from "./cifar-binary.ts";
import { DatasetError, unreadable } from "./errors.ts";
import { list } from "./files.ts";
import { folderSource } from "./folder.ts";
import { preprocessed, preprocessingOf } from "./preprocessing.ts";
import type { DatasetSource } from "./source.ts";
import { tarSource } from "./tar.ts";
import { annotationFile, classFile, tinyImageNetSource } from "./tiny-imagenet.ts";
import { unusableSource } from "./unusable.ts";
import { type Shard, shardOf, webDatasetSource } from "./web-dataset.ts";

/**
 * Data sets in the given folders, in that order; of two with one name the first is taken. Known forms:
 * - `NAME-train.tar.gz` with `NAME-val.tar.gz`, and folders `NAME/train` with `NAME/val` or `NAME/test`;
 * - WebDataset shards `NAME-train-000000.tar`, … with `NAME-val-000000.tar`, …, gzipped (`.tar.gz`) or not;
 * - CIFAR-10, CIFAR-100 and Tiny-ImageNet in the folders that their archives unpack to.
 *
 * Images are brought to one size where `NAME.preprocess.json` or the literature says how. A folder that does not exist
 * holds no data set. One that is broken keeps its place in the list: reading it throws what is wrong with it.
 */
export async function discoverDatasets(folders: readonly string[]): Promise<DatasetSource[]> {
  const found: DatasetSource[] = [];
  const taken = new Set<string>();
  for (const folder of folders) {
    for (const source of await sourcesIn(folder)) {
      if (taken.has(source.name)) continue;
      if (!source.unusable) taken.add(source.name);
      found.push(source);
    }
  }
  return found;
}

async function sourcesIn(folder: string): Promise<DatasetSource[]> {
  const names = await namesIn(folder);
  if (names === null) return [];
  if (names instanceof DatasetError) return [unusableSource(basename(folder), names)];
  if (isLayout(names)) return [unusableSource(basename(folder), itselfADataset(folder))];
  const sources = [
    ...archivesIn(folder, names),
    ...shardsIn(folder, names),
    ...summarizeUnusable(folder, await foldersIn(folder, names)),
  ];
  if (sources.length === 0) return [unusableSource(basename(folder), unknownLayout(folder, names))];
  return Promise.all(sources.map((source) => withPreprocessing(folder, names, source)));
}

/** Null where there is no folder. */
async function namesIn(folder: string): Promise<string[] | DatasetError | null> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    return unreadable(folder, error, "create it");
  }
}

async function withPreprocessing(
  folder: string,
  names: readonly string[],
  source: DatasetSource,
): Promise<DatasetSource> {
  try {
    const preprocessing = await preprocessingOf(folder, names, source.name);
    return preprocessing ? preprocessed(source, preprocessing) : source;
  } catch (error) {
    return unusableSource(source.name, error);
  }
}

const namePattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

function archivesIn(folder: string, names: readonly string[]): DatasetSource[] {
  return names.flatMap((file) => {
    const match = new RegExp(`^(${namePattern})-(train|val)\\.tar\\.gz$`).exec(file);
    if (!match?.[1]) return [];
    const train = `${match[1]}-train.tar.gz`;
    const val = `${match[1]}-val.tar.gz`;
    const missing = [train, val].find((half) => !names.includes(half));
    if (missing)
      return unusableSource(
        match[1],
        new DatasetError(`${missing} is missing beside it`, {
          file: join(folder, file),
          fix: "add it or move this file away",
        }),
      );
    return match[2] === "train" ? [tarSource(match[1], [join(folder, train), join(folder, val)])] : [];
  });
}

function shardsIn(folder: string, names: readonly string[]): DatasetSource[] {
  const shards = names.map((file) => shardOf(folder, file)).filter((shard): shard is Shard => shard !== null);
  const datasets = new Set(shards.map(({ dataset }) => dataset));
  return [...datasets].map((name) =>
    webDatasetSource(
      name,
      shards.filter(({ dataset }) => dataset === name),
    ),
  );
}

/** Folders that are told one by one; more, such as the classes of a data set, are told as one. */
const maxReported = 10;

function summarizeUnusable(folder: string, found: readonly DatasetSource[]): DatasetSource[] {
  const broken = found.filter(({ unusable }) => unusable).map(({ name }) => name);
  if (broken.length <= maxReported) return [...found];
  const error = new DatasetError(`holds ${broken.length} folders that are no data sets: ${summary(broken)}`, {
    file: folder,
    fix: "name the folder that holds the data sets, or move these away",
  });
  return [...found.filter(({ unusable }) => !unusable), unusableSource(basename(folder), error)];
}

/** What the archives of well-known data sets unpack to, and what the literature calls them. */
const wellKnown = catalog<Record<string, string>>({
  "cifar-10-batches-bin": "cifar10",
  "cifar-100-binary": "cifar100",
  "tiny-imagenet-200": "tiny-imagenet",
});

/** Folders, and links that lead to one or nowhere: whoever put one here meant a data set. Other files are not looked at. */
async function foldersIn(folder: string, names: readonly string[]): Promise<DatasetSource[]> {
  const found: DatasetSource[] = [];
  const candidates = names.filter(
    (name) => new RegExp(`^${namePattern}$`).test(name) && !/\.(tar|gz|json)$/.test(name),
  );
  for (const entry of candidates) {
    const name = wellKnown[entry] ?? entry;
    try {
      if (await isFolder(join(folder, entry))) found.push(await sourceOf(name, join(folder, entry)));
    } catch (error) {
      found.push(unusableSource(name, error));
    }
  }
  return found;
}

/** @throws DatasetError on a link that leads nowhere, and on what cannot be looked at */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const target = await readlink(path).catch(() => null);
    if (target === null) throw unreadable(path, error, "put it back");
    throw new DatasetError(`is a link to ${target}, which cannot be reached`, {
      file: path,
      fix: "restore what it leads to, or remove the link",
      cause: error,
    });
  }
}

/** The data set that a folder holds, told by the names of what lies in it. @throws DatasetError saying what was found */
async function sourceOf(name: string, root: string): Promise<DatasetSource> {
  const parts = (await readdir(root)).sort();
  if (parts.includes("data_batch_1.bin")) return cifarSource(name, root, cifar10Layout);
  if (parts.includes("train.bin")) return cifarSource(name, root, cifar100Layout);
  const heldOut = ["val", "test"].filter((part) => parts.includes(part));
  if (!parts.includes("train") || heldOut.length === 0) throw unknownLayout(root, parts);
  if ((await list(join(root, "val"))).includes(annotationFile)) return tinyImageNetSource(name, root);
  if (parts.includes(classFile)) {
    throw new DatasetError(
      `holds ${classFile} as Tiny-ImageNet does, but no val/${annotationFile}: val was re-sorted`,
      {
        file: root,
        fix: "unpack its archive again, which is read as it is",
      },
    );
  }
  if (heldOut.length === 2) {
    throw new DatasetError("holds both val and test", {
      file: root,
      fix: "keep the one to report on and move the other away; validation is split off train",
    });
  }
  return folderSource(name, root);
}

/** Whether names are those of a data set's own parts. */
const isLayout = (names: readonly string[]): boolean =>
  names.includes("data_batch_1.bin") ||
  names.includes("train.bin") ||
  (names.includes("train") && (names.includes("val") || names.includes("test")));

const itselfADataset = (folder: string): DatasetError =>
  new DatasetError("is a data set itself, not a folder of data sets", {
    file: folder,
    fix: `name the folder that holds it, ${dirname(resolve(folder))}`,
  });

const knownLayouts = [
  "train/CLASS/IMAGE.jpg or .png with val or test beside train",
  "CIFAR-10's or CIFAR-100's binary files (data_batch_1.bin …, train.bin …)",
  "Tiny-ImageNet's own (train, val/val_annotations.txt, wnids.txt)",
  "beside it NAME-train.tar.gz with NAME-val.tar.gz",
  "WebDataset shards NAME-train-000000.tar …",
].join("; ");

const unknownLayout = (root: string, parts: readonly string[]): DatasetError =>
  new DatasetError(`holds no data set that is known here, but ${summary(parts)}`, {
    file: root,
    fix: `known are: ${knownLayouts}. Bring it to one of them or move it away`,
  });

/** `a, b, c and 12 more` */
function summary(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const [shown, more] = [names.slice(0, 5).join(", "), names.length - 5];
  return more > 0 ? `${shown} and ${more} more` : shown;
}
