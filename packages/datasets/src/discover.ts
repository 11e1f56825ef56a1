import { join } from "node:path";
import { cifar10Layout, cifar100Layout, cifarSource } from "./cifar-binary.ts";
import { DatasetError } from "./errors.ts";
import { list } from "./files.ts";
import { folderSource } from "./folder.ts";
import { preprocessed, preprocessingOf } from "./preprocessing.ts";
import type { DatasetSource } from "./source.ts";
import { tarSource } from "./tar.ts";
import { annotationFile, tinyImageNetSource } from "./tiny-imagenet.ts";
import { type Shard, shardOf, webDatasetSource } from "./web-dataset.ts";

/**
 * Data sets in the given folders, in that order; of two with one name the first is taken. Known forms:
 * - `NAME-train.tar.gz` with `NAME-val.tar.gz`, and folders `NAME/train` with `NAME/val` or `NAME/test`;
 * - WebDataset shards `NAME-train-000000.tar`, … with `NAME-val-000000.tar`, …, gzipped (`.tar.gz`) or not;
 * - CIFAR-10, CIFAR-100 and Tiny-ImageNet in the folders that their archives unpack to.
 *
 * Images are brought to one size where `NAME.preprocess.json` or the literature says how. A folder that does not exist
 * holds no data set.
 * @throws DatasetError when an archive's other half is missing, a folder has both `val` and `test`, or such a file is wrong
 */
export async function discoverDatasets(folders: readonly string[]): Promise<DatasetSource[]> {
  const found = new Map<string, DatasetSource>();
  for (const folder of folders) {
    const names = await list(folder);
    const sources = [...archivesIn(folder, names), ...shardsIn(folder, names), ...(await foldersIn(folder, names))];
    for (const source of sources) {
      if (found.has(source.name)) continue;
      const preprocessing = await preprocessingOf(folder, source.name);
      found.set(source.name, preprocessing ? preprocessed(source, preprocessing) : source);
    }
  }
  return [...found.values()];
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
      throw new DatasetError(`${missing} is missing beside it; add it or move this file away`, {
        file: join(folder, file),
      });
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

/** What the archives of well-known data sets unpack to, and what the literature calls them. */
const wellKnown: Readonly<Record<string, string>> = {
  "cifar-10-batches-bin": "cifar10",
  "cifar-100-binary": "cifar100",
  "tiny-imagenet-200": "tiny-imagenet",
};

async function foldersIn(folder: string, names: readonly string[]): Promise<DatasetSource[]> {
  const found: DatasetSource[] = [];
  for (const entry of names.filter((candidate) => new RegExp(`^${namePattern}$`).test(candidate))) {
    const source = await sourceOf(wellKnown[entry] ?? entry, join(folder, entry));
    if (source) found.push(source);
  }
  return found;
}

/** The data set that a folder holds, told by the names of what lies in it. */
async function sourceOf(name: string, root: string): Promise<DatasetSource | null> {
  const parts = await list(root);
  if (parts.includes("data_batch_1.bin")) return cifarSource(name, root, cifar10Layout);
  if (parts.includes("train.bin")) return cifarSource(name, root, cifar100Layout);
  const heldOut = ["val", "test"].filter((part) => parts.includes(part));
  if (!parts.includes("train") || heldOut.length === 0) return null;
  if ((await list(join(root, "val"))).includes(annotationFile)) return tinyImageNetSource(name, root);
  if (heldOut.length === 2) {
    throw new DatasetError("has both val and test; keep the one to report on, validation is split off train", {
      file: root,
    });
  }
  return folderSource(name, root);
}
