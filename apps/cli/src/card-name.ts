import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { isModelCard } from "@reluctant/interchange";

/** What a model card may be called; model hubs show a folder's README. */
const names = ["README.md", "network.md"] as const;

/**
 * The name of a network's card in a folder: what somebody else wrote there stays.
 * @throws ReluctantError where both names are taken
 */
export async function cardName(folder: string): Promise<(typeof names)[number]> {
  for (const name of names) if (await isFree(join(folder, name))) return name;
  throw new ReluctantError(
    "invalid-request",
    `--out ${folder}: its ${names.join(" and ")} are no model cards of ours and would be overwritten; name another folder`,
  );
}

/** Whether nothing lies there but an earlier card of ours. */
async function isFree(path: string): Promise<boolean> {
  try {
    return isModelCard(await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
}
