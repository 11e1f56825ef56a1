import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { requireDataFolders } from "@reluctant/datasets";

/**
 * Where data sets are looked for: RELUCTANT_DATA, else `../shared/data` and `data` beside and in the checkout.
 * @throws ReluctantError when RELUCTANT_DATA names a folder that is not there
 */
export async function dataFolders(env: NodeJS.ProcessEnv, root: string): Promise<string[]> {
  if (!env.RELUCTANT_DATA) {
    return [join(root, "../shared/data"), join(root, "data")].filter((folder) => existsSync(folder));
  }
  const named = env.RELUCTANT_DATA.split(delimiter).filter(Boolean);
  await requireDataFolders(named, "RELUCTANT_DATA");
  return named;
}
