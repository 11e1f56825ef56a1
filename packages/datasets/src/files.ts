import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { DatasetError } from "./errors.ts";

/** @throws DatasetError when the file has more bytes than `most`, before any of it is read */
export async function readBounded(file: string, most: number): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > most) {
      throw new DatasetError(`has ${size} bytes, more than the limit of ${most}`, { file, fix: "remove it" });
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
export async function fingerprintOfAll(name: string, all: AsyncIterable<string>): Promise<string> {
  const hash = createHash("sha256");
  let files: string[] = [];
  const take = async () => {
    hash.update(await fingerprintOf(name, files));
    files = [];
  };
  for await (const file of all) if (files.push(file) === 1_000) await take();
  await take();
  return hash.digest("hex");
}
