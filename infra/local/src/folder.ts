import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";

/** What a stack keeps in its folder. */
const entries = ["postgres", "redis", "logs", "token", "url"];
/** What it keeps there beside, if nowhere else could be written: to make it again takes minutes. */
const cache = "cache";

/**
 * A folder for a stack that begins, where nothing was or an earlier stack.
 * @throws ReluctantError where it holds anything else, which stays
 */
export async function emptyStackFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const strange = (await readdir(dir)).filter((name) => !entries.includes(name) && name !== cache);
  if (strange.length > 0) {
    const some = strange.slice(0, 3).join(", ");
    throw new ReluctantError(
      "conflict",
      `${dir} is not a stack's folder, it holds ${some}${strange.length > 3 ? ", …" : ""}; name one that can be emptied`,
    );
  }
  for (const name of entries) await rm(join(dir, name), { recursive: true, force: true });
}
