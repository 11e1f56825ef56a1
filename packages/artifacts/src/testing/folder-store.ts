import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own that is set up as a store. */
export async function folderStore(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-artifacts-"));
  await mkdir(join(folder, "staging"));
  return folder;
}
