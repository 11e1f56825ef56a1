import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { prepareAll } from "@reluctant/datasets";

/** Where data sets are looked for: RELUCTANT_DATA, else `../shared/data` and `data` beside and in the checkout. */
export function dataFolders(env: NodeJS.ProcessEnv, root: string): string[] {
  if (env.RELUCTANT_DATA) return env.RELUCTANT_DATA.split(delimiter).filter(Boolean);
  return [join(root, "../shared/data"), join(root, "data")].filter((folder) => existsSync(folder));
}

/** Decodes before any worker starts, once for all of them, so that the wait shows its progress. */
export async function prepareData(input: {
  folders: readonly string[];
  cacheDir: string;
  onProgress?: ((name: string, done: number, total: number) => void) | undefined;
}): Promise<void> {
  const readers = await prepareAll({
    folders: input.folders,
    cacheDir: join(input.cacheDir, "datasets"),
    ...(input.onProgress && { onProgress: input.onProgress }),
    // The worker that meets it again logs it; the stack can do without.
    onBroken: (name, error) =>
      console.error(`The data set ${name} cannot be used: ${error instanceof Error ? error.message : error}`),
  });
  for (const reader of readers) await reader.close();
}
