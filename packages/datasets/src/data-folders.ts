import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { unreadable } from "./errors.ts";
import { isGenerated } from "./prepare-all.ts";

/**
 * Refuses folders of data sets that are not there, before anything starts: a mistyped one would otherwise be taken for an
 * empty one, and the generated data set trained instead.
 * @param setting what named them, for the message: RELUCTANT_DATA or a flag
 * @throws ReluctantError naming setting and folder
 */
export async function requireDataFolders(folders: readonly string[], setting: string): Promise<void> {
  for (const folder of folders.filter((each) => !isGenerated(each))) {
    await readdir(folder).catch((cause: unknown) => {
      const { problem, fix } = unreadable(folder, cause, "create it, or name another");
      const generated = "glyphs and glyphs-small stand for the generated data sets";
      const message = `${setting} names ${resolve(folder)}, which ${problem}; ${fix} (${generated})`;
      throw new ReluctantError("invalid-request", message, [], { cause });
    });
  }
}
