import { DatasetError } from "../errors.ts";
import { maxSamples, requirePlainPath } from "../source.ts";
import type { TreeEntry } from "./file-tree.ts";

/** Folders and what they hold, of paths in an archive. */
export interface PathIndex {
  list(folder: string): readonly TreeEntry[];
}

/** Annotations and labels lie beside images. */
const maxEntries = 2 * maxSamples;

/** @throws DatasetError for a path that leads out of the archive, and for more of them than a data set has */
export function indexOf(paths: Iterable<string>, archive: string): PathIndex {
  const folders = new Map<string, Map<string, TreeEntry>>([["", new Map()]]);
  let entries = 0;
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
  for (const path of paths) {
    if (++entries > maxEntries)
      throw new DatasetError(`has more than ${maxEntries} entries`, { file: archive, fix: "pack a part of it" });
    add(requirePlainPath(path, { file: archive }), "file");
  }
  return {
    list: (folder) => [...(folders.get(folder)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
