import { createReadStream } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { fingerprintOfAll, readBounded } from "../files.ts";
import { maxSampleBytes } from "../source.ts";
import { type FileTree, type TreeEntry, walk } from "./file-tree.ts";

/**
 * The files of a folder. A link is followed where it leads to something in this folder, or in the one that holds it and its
 * neighbors; not out of it, and not in a circle.
 */
export function folderTree(root: string): FileTree {
  const at = (path: string) => (path === "" ? root : join(root, path));
  const inside = ourPlaces(root);
  const tree: FileTree = {
    root,
    async list(folder) {
      const entries = await readdir(at(folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
        if (["ENOENT", "ENOTDIR"].includes(error.code ?? "")) return [];
        throw error;
      });
      entries.sort((a, b) => (a.name < b.name ? -1 : 1));
      return Promise.all(
        entries.map((entry): TreeEntry | Promise<TreeEntry> => {
          if (entry.isFile()) return { name: entry.name, kind: "file" };
          if (entry.isDirectory()) return { name: entry.name, kind: "folder" };
          if (entry.isSymbolicLink()) return linked(entry.name, at(folder), inside);
          return { name: entry.name, kind: "skipped", why: "neither a file nor a folder" };
        }),
      );
    },
    size: async (path) => (await stat(at(path))).size,
    read: (path, most) => readBounded(at(path), most),
    stream: (path) => createReadStream(at(path)),
    async *readAll(paths) {
      for (const path of paths) {
        const file = at(path);
        yield { path, bytes: await readBounded(file, maxSampleBytes), file, location: { file, offset: 0 } };
      }
    },
    local: at,
    place: at,
    fingerprint: (name) => fingerprintOfAll(name, filesOf(tree)),
  };
  return tree;
}

async function* filesOf(tree: FileTree): AsyncGenerator<string> {
  for await (const { path } of walk(tree)) yield tree.place(path);
}

/** Where links may lead: the folder itself, and the data folder that holds it. */
const ourPlaces = (root: string) => {
  let known: Promise<readonly string[]> | undefined;
  return () => {
    known ??= Promise.all([realpath(root), realpath(dirname(resolve(root)))]);
    return known;
  };
};

async function linked(name: string, folder: string, inside: () => Promise<readonly string[]>): Promise<TreeEntry> {
  const target = await realpath(join(folder, name)).catch(() => null);
  if (target === null) return { name, kind: "skipped", why: "a link that leads nowhere" };
  if (!(await inside()).some((place) => target.startsWith(place + sep)))
    return { name, kind: "skipped", why: "a link that leads out of the data folder" };
  const found = await stat(target);
  if (found.isFile()) return { name, kind: "file" };
  if (!found.isDirectory()) return { name, kind: "skipped", why: "neither a file nor a folder" };
  const here = await realpath(folder);
  if (here === target || here.startsWith(target + sep)) return { name, kind: "skipped", why: "a link in a circle" };
  return { name, kind: "folder" };
}
