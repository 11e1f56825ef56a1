import { createHash } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "./errors.ts";
import { maxSampleBytes } from "./source.ts";

/** Entries of a folder in order; none where there is no folder. */
export async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/** Every file under a folder, at any depth, in the same order each time. @throws DatasetError on a link */
export async function* filesUnder(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
    else
      throw new DatasetError("is neither a file nor a folder", {
        file: path,
        fix: "links are not followed, copy the file here",
      });
  }
}

/** @throws DatasetError when the file is larger than an image may be, before any of it is read */
export async function readBounded(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > maxSampleBytes) {
      throw new DatasetError(`has ${size} bytes, more than the limit of ${maxSampleBytes}`, { file, fix: "remove it" });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Changes when one of the files may have: by size, time and inode. Reading tells what is wrong with a missing one. */
export async function fingerprintOf(name: string, files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file).catch(() => null)));
  return JSON.stringify([name, stats.map((found, i) => [files[i], found?.size, found?.mtimeMs, found?.ino])]);
}

/** As `fingerprintOf` every file of a folder, which for a million files is seconds where reading them is many minutes. */
export async function folderFingerprint(name: string, root: string): Promise<string> {
  const hash = createHash("sha256");
  let files: string[] = [];
  const take = async () => {
    hash.update(await fingerprintOf(name, files));
    files = [];
  };
  for await (const file of filesUnder(root)) if (files.push(file) === 1_000) await take();
  await take();
  return hash.digest("hex");
}
