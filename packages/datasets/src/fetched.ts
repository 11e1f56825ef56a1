import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "./errors.ts";
import { filesFile, imageAt, isOwnFile, pathsOf, recordBytes } from "./image-index.ts";
import { type Header, headerFile, imageFile } from "./reader.ts";
import { splits } from "./split.ts";

/**
 * Of a folder whose content another machine sent, before anything is read by it: the images of a streamed data set lie in files
 * of this folder, each within one. So who may push a data set can have no other file of a worker's machine read.
 * @throws DatasetError that names the file which says otherwise
 */
export async function requireOwnImages(folder: string): Promise<void> {
  const header = JSON.parse(await readFile(join(folder, headerFile), "utf8")) as Header;
  if (!header.streamed) return;
  const table = join(folder, filesFile);
  const files = await readFile(table);
  const sizes = new Map<string, number>();
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isFile()) sizes.set(entry.name, (await stat(join(folder, entry.name))).size);
  const foreign = pathsOf(files.toString()).find((path) => !isOwnFile(path) || !sizes.has(path));
  if (foreign !== undefined) throw wrong(table, `names ${foreign}, which is no file of this version`);
  for (const split of splits) {
    const path = join(folder, imageFile(split, true));
    const records = await readFile(path);
    for (let index = 0; index < Math.floor(records.length / recordBytes); index += 1) {
      const { location, bytes } = imageAt(records, files, index);
      const size = isOwnFile(location.file) ? (sizes.get(location.file) ?? 0) : 0;
      if (!(location.offset >= 0 && location.offset + bytes <= size))
        throw wrong(path, `places image ${index} beyond the files of this version`);
    }
  }
}

const wrong = (file: string, problem: string) =>
  new DatasetError(problem, { file, fix: "push the data set again, from a folder that you trust" });
