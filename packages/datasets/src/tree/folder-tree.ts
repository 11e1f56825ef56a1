import { createReadStream } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { fingerprintOfAll, readBounded } from "../files.ts";
import { maxSampleBytes } from "../source.ts";
import { type FileTree, type TreeEntry, walk } from "./file-tree.ts";
import { leadsOut, OwnPlaces } from "./own-places.ts";

/**
 * The files of a folder. A link is followed where it leads to something in this folder, or in the one that holds it and its
 * neighbors; not out of it, and not in a circle. Whatever asks for a file by its name is held to that, too.
 */
export function folderTree(root: string): FileTree {
  const at = (path: string) => (path === "" ? root : join(root, path));
  const places = new OwnPlaces(root);
  /** @throws DatasetError where a link leads out; what the system says where nothing is there */
  const ours = async (path: string): Promise<string> => {
    await places.require(at(path));
    return at(path);
  };
  const tree: FileTree = {
    root,
    async list(folder) {
      const entries = await entriesOf(folder === "" ? root : ours(folder));
      return Promise.all(
        entries.map((entry): TreeEntry | Promise<TreeEntry> => {
          if (entry.isFile()) return { name: entry.name, kind: "file" };
          if (entry.isDirectory()) return { name: entry.name, kind: "folder" };
          if (entry.isSymbolicLink()) return linked(entry.name, at(folder), places);
          return { name: entry.name, kind: "skipped", why: "neither a file nor a folder" };
        }),
      );
    },
    size: async (path) => (await stat(await ours(path))).size,
    read: async (path, most) => readBounded(await ours(path), most),
    async *stream(path) {
      yield* createReadStream(await ours(path));
    },
    async *readAll(paths) {
      for (const path of paths) {
        const file = await ours(path);
        yield { path, bytes: await readBounded(file, maxSampleBytes), file, location: { file, offset: 0 } };
      }
    },
    local: ours,
    place: at,
    fingerprint: (name) => fingerprintOfAll(name, filesOf(tree)),
  };
  return tree;
}

/** By name; none where there is no such folder. */
async function entriesOf(folder: string | Promise<string>) {
  try {
    const entries = await readdir(await folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

async function* filesOf(tree: FileTree): AsyncGenerator<string> {
  for await (const { path } of walk(tree)) yield tree.place(path);
}

async function linked(name: string, folder: string, places: OwnPlaces): Promise<TreeEntry> {
  const target = await realpath(join(folder, name)).catch(() => null);
  if (target === null) return { name, kind: "skipped", why: "a link that leads nowhere" };
  if (!(await places.hold(target))) return { name, kind: "skipped", why: leadsOut };
  const found = await stat(target);
  if (found.isFile()) return { name, kind: "file" };
  if (!found.isDirectory()) return { name, kind: "skipped", why: "neither a file nor a folder" };
  const here = await realpath(folder);
  if (here === target || here.startsWith(target + sep)) return { name, kind: "skipped", why: "a link in a circle" };
  return { name, kind: "folder" };
}
