import { DatasetError } from "../errors.ts";
import { maxSamples, requirePlainPath } from "../source.ts";
import type { TreeEntry } from "./file-tree.ts";

/** Folders and what they hold, of paths in an archive. */
export interface PathIndex {
  list(folder: string): readonly TreeEntry[];
}

/** Annotations and labels lie beside images. */
const maxEntries = 2 * maxSamples;

/**
 * The files of an archive by their paths.
 * @throws DatasetError for one that is there twice, and for more of them than a data set has, once that many are met
 */
export async function byPath<T>(
  files: AsyncIterable<T>,
  pathOf: (file: T) => string,
  archive: string,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  for await (const file of files) {
    const path = pathOf(file);
    if (found.has(path))
      throw new DatasetError(`${JSON.stringify(path.slice(0, 200))} is in the archive twice`, {
        file: archive,
        fix: "pack it again",
      });
    if (found.size === maxEntries)
      throw new DatasetError(`has more than ${maxEntries} entries`, { file: archive, fix: "pack a part of it" });
    found.set(path, file);
  }
  return found;
}

/** @throws DatasetError for a path that leads out of the archive */
export function indexOf(paths: Iterable<string>, archive: string): PathIndex {
  const folders = new Map<string, Map<string, TreeEntry>>([["", new Map()]]);
  const add = (path: string, kind: "file" | "folder"): void => {
    const cut = path.lastIndexOf("/");
    const [folder, name] = [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)];
    const known = folders.get(folder);
    if (known?.has(name)) return;
    if (!known) {
      folders.set(folder, new Map());
      add(folder, "folder");
    }
    folders.get(folder)?.set(name, { name, kind });
  };
  for (const path of paths) add(requirePlainPath(path, { file: archive }), "file");
  return {
    list: (folder) => [...(folders.get(folder)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
