import { DatasetError } from "../errors.ts";
import { fingerprintOf } from "../files.ts";

/** Files by their paths, wherever they lie: in a folder or in an archive. Paths are relative, with `/` between their steps. */
export interface FileTree {
  /** The folder or archive. */
  readonly root: string;
  /** What a folder holds, by name in the order of code units; nothing where there is no such folder. `""` is the root. */
  list(folder: string): Promise<readonly TreeEntry[]>;
  /** Bytes of one file. */
  size(path: string): Promise<number>;
  /** One file's bytes, of `most` at the most. @throws DatasetError when it is larger, before it is read */
  read(path: string, most: number): Promise<Uint8Array>;
  /** One file's bytes, piece by piece: for what is larger than memory should hold. */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** Each of the files once: in the order that is asked for, or as they are stored where nothing can be sought. */
  readAll(paths: readonly string[]): AsyncIterable<TreeFile>;
  /** Where a file lies by itself, for what must be sought in; null in an archive. */
  local(path: string): Promise<string | null>;
  /** How a file is called in messages. */
  place(path: string): string;
  /** Changes whenever the content may have. */
  fingerprint(name: string): Promise<string>;
}

export type TreeEntry =
  | { readonly name: string; readonly kind: "file" | "folder" }
  | { readonly name: string; readonly kind: "skipped"; readonly why: string };

export interface TreeFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly offset?: number;
  readonly location?: { readonly file: string; readonly offset: number };
}

/** A part of a tree as a tree. */
export function subtree(tree: FileTree, folder: string): FileTree {
  if (folder === "") return tree;
  const inside = (path: string) => (path === "" ? folder : `${folder}/${path}`);
  return {
    ...tree,
    root: tree.place(folder),
    list: (path) => tree.list(inside(path)),
    size: (path) => tree.size(inside(path)),
    read: (path, most) => tree.read(inside(path), most),
    stream: (path) => tree.stream(inside(path)),
    async *readAll(paths) {
      for await (const file of tree.readAll(paths.map(inside)))
        yield { ...file, path: file.path.slice(folder.length + 1) };
    },
    local: (path) => tree.local(inside(path)),
    place: (path) => tree.place(inside(path)),
  };
}

/** Some files of a tree's root as a tree, called so in messages. */
export function pick(tree: FileTree, names: readonly string[], root: string): FileTree {
  const wanted = new Set(names);
  return {
    ...tree,
    root,
    list: async (folder) => (await tree.list(folder)).filter(({ name }) => folder !== "" || wanted.has(name)),
    fingerprint: (name) => fingerprintOf(name, names.map(tree.place)),
  };
}

/** What systems and people leave beside data, and nobody means. */
export const isSystemFile = (name: string): boolean =>
  name.startsWith(".") || name === "__MACOSX" || /^(thumbs\.db|desktop\.ini|@eadir|lost\+found)$/i.test(name);

/** Of an entry that is `skipped`, where it is needed. @param why as the entry says it */
export const unfollowed = (file: string, why: string): DatasetError =>
  new DatasetError(`is ${why}`, { file, fix: "links are followed inside the data folder only: copy the file here" });

/** Folders in folders: links can lead from one to the other and back. */
const maxDepth = 12;

/**
 * Every file under a folder, depth first, in the order of names. What cannot be read comes with its reason; what the system
 * left is no file.
 */
export async function* walk(tree: FileTree, folder = "", depth = 0): AsyncGenerator<{ path: string; why?: string }> {
  for (const entry of await tree.list(folder)) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (isSystemFile(entry.name)) continue;
    if (entry.kind === "skipped") yield { path, why: entry.why };
    else if (entry.kind === "file") yield { path };
    else if (depth < maxDepth) yield* walk(tree, path, depth + 1);
    else yield { path, why: `a folder deeper than ${maxDepth} others` };
  }
}
