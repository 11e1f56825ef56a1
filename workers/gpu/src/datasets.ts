import type { DatasetRegistration } from "@reluctant/contracts";
import { type DatasetReader, prepareAll } from "@reluctant/datasets";
import type { Logger } from "@reluctant/telemetry";
import { preparedFolder } from "./prepared-folder.ts";

/** Decodes every data set of the folders that is not in the cache yet. One that is broken is logged and left out. */
export async function prepareDatasets(options: {
  folders: readonly string[];
  cacheDir: string;
  log: Logger;
}): Promise<DatasetRegistration[]> {
  const readers = await prepareAll({
    folders: options.folders,
    cacheDir: preparedFolder(options.cacheDir),
    onBroken: (dataset, err) => options.log.error({ err, dataset }, "a data set cannot be used"),
  });
  for (const reader of readers) await reader.close();
  return readers.map(registrationOf);
}

function registrationOf({ name, version, classes, inputShape, size }: DatasetReader): DatasetRegistration {
  const [height, width, channels] = inputShape;
  const splits = { train: size("train"), validation: size("validation"), test: size("test") };
  return { name, version, classes: [...classes], inputShape: [height, width, channels], splits };
}
