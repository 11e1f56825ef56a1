import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "./errors.ts";
import { folderSource } from "./folder.ts";
import type { DatasetSource } from "./source.ts";
import { tarSource } from "./tar.ts";

/**
 * Data sets in the given folders, in that order; of two with one name the first is taken. Known forms:
 * `NAME-train.tar.gz` with `NAME-val.tar.gz`, and folders `NAME/train` with `NAME/val` or `NAME/test`.
 * A folder that does not exist holds none.
 * @throws DatasetError when an archive's other half is missing, or a folder has both `val` and `test`
 */
export async function discoverDatasets(folders: readonly string[]): Promise<DatasetSource[]> {
  const found = new Map<string, DatasetSource>();
  for (const folder of folders) {
    const names = await list(folder);
    for (const source of [...archivesIn(folder, names), ...(await imageFoldersIn(folder, names))]) {
      if (!found.has(source.name)) found.set(source.name, source);
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

async function imageFoldersIn(folder: string, names: readonly string[]): Promise<DatasetSource[]> {
  const found: DatasetSource[] = [];
  for (const name of names.filter((candidate) => new RegExp(`^${namePattern}$`).test(candidate))) {
    const root = join(folder, name);
    const parts = await list(root);
    const heldOut = ["val", "test"].filter((part) => parts.includes(part));
    if (!parts.includes("train") || heldOut.length === 0) continue;
    if (heldOut.length === 2) {
      throw new DatasetError("has both val and test; keep the one to report on, validation is split off train", {
        file: root,
      });
    }
    found.push(folderSource(name, root));
  }
  return found;
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
