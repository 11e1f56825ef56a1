import { type BuildOptions, ensureBuilt } from "./build.ts";

/** Builds ahead of time: exit 0 and a path for each library, 3 and one line when something is not installed, 1 otherwise. */
export async function buildFromCommandLine(extensions: NonNullable<BuildOptions["extensions"]> = []): Promise<void> {
  try {
    const result = await ensureBuilt({ extensions });
    if ("missing" in result) {
      console.error(result.missing);
      process.exitCode = 3;
    } else {
      for (const path of [result.addonPath, ...result.libraryPaths]) console.log(path);
    }
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
