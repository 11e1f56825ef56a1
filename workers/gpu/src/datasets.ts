import { basename } from "node:path";
import type { DatasetRegistration } from "@reluctant/contracts";
import {
  type DatasetSource,
  discoverDatasets,
  glyphs,
  manifest,
  prepare,
  splitSizes,
  versionOf,
} from "@reluctant/datasets";
import type { Logger } from "@reluctant/telemetry";
import { preparedFolder } from "./prepared-folder.ts";

/** A place in RELUCTANT_DATA that stands for the generated data set; it is also what there is without any. */
const generated = "glyphs";

/**
 * Decodes every data set of the folders that is not in the cache yet. One that is broken is logged and left out, so
 * that it cannot keep a worker from the others.
 */
export async function prepareDatasets(options: {
  folders: readonly string[];
  cacheDir: string;
  log: Logger;
}): Promise<DatasetRegistration[]> {
  const { folders, cacheDir, log } = options;
  const isGenerated = (folder: string) => basename(folder) === generated;
  const sources = await discoverDatasets(folders.filter((folder) => !isGenerated(folder)));
  if (folders.length === 0 || folders.some(isGenerated)) sources.push(glyphs());
  const registrations: DatasetRegistration[] = [];
  for (const source of sources) {
    try {
      registrations.push(await prepareOne(source, preparedFolder(cacheDir), log));
    } catch (err) {
      log.error({ err, dataset: source.name }, "a data set cannot be used");
    }
  }
  return registrations;
}

async function prepareOne(source: DatasetSource, cacheDir: string, log: Logger): Promise<DatasetRegistration> {
  const described = await manifest(source);
  const version = versionOf(described);
  log.info({ dataset: source.name, version, images: described.samples.length }, "preparing a data set");
  const reader = await prepare({ source, manifest: described, cacheDir });
  reader.close();
  const [height, width, channels] = described.inputShape;
  return {
    name: described.name,
    version,
    classes: [...described.classes],
    inputShape: [height, width, channels],
    splits: splitSizes(described),
  };
}
