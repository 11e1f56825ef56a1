import { type DatasetRegistration, ReluctantError, type UnusableDataset } from "@reluctant/contracts";
import { type DatasetReader, type PrepareProgress, prepareAll } from "@reluctant/datasets";
import type { Logger } from "@reluctant/telemetry";
import { preparedFolder } from "./prepared-folder.ts";

/** What the data folders hold. */
export interface FoundDatasets {
  usable: DatasetRegistration[];
  unusable: UnusableDataset[];
}

/** Decodes every data set of the folders that is not in the cache yet. One that is broken is left out. */
export async function prepareDatasets(options: {
  folders: readonly string[];
  cacheDir: string;
  signal: AbortSignal;
  log: Logger;
}): Promise<FoundDatasets> {
  const unusable: UnusableDataset[] = [];
  const readers = await prepareAll({
    folders: options.folders,
    cacheDir: preparedFolder(options.cacheDir),
    signal: options.signal,
    onProgress: logged(options.log),
    onUnusable: (dataset) => {
      options.log.error({ dataset }, "a data set cannot be used");
      unusable.push(dataset);
    },
  });
  for (const reader of readers) await reader.close();
  return { usable: readers.map(registrationOf), unusable };
}

/**
 * Registers them. One that the installation has under another name is used under that, and told; one whose names it does not
 * take, as of a class with a character that turns text around, is left out.
 */
export async function registerDatasets(
  { usable, unusable }: FoundDatasets,
  register: (dataset: DatasetRegistration) => Promise<{ name: string }>,
  log: Pick<Logger, "info">,
): Promise<FoundDatasets> {
  const registered: FoundDatasets = { usable: [], unusable: [...unusable] };
  for (const dataset of usable) {
    try {
      const { name } = await register(dataset);
      if (name !== dataset.name) log.info({ dataset: dataset.name, name }, "a data set is known under another name");
      registered.usable.push({ ...dataset, name });
    } catch (error) {
      if (!(error instanceof ReluctantError) || error.code !== "invalid-request") throw error;
      const fix = "rename the folders or classes that are named here";
      registered.unusable.push({ name: dataset.name, reason: error.message, fix });
    }
  }
  return registered;
}

/** Seconds between two lines. */
const logEvery = 5;

/** A line every few seconds while a data set is met for the first time, and one when it is there. */
function logged(log: Logger): (progress: PrepareProgress) => void {
  let step = "";
  let due = 0;
  return (progress) => {
    const current = `${progress.dataset} ${progress.step}`;
    if (step !== current) due = logEvery;
    step = current;
    if (progress.step !== "ready" && progress.seconds < due) return;
    due = progress.seconds + logEvery;
    const { dataset, done, total, imagesPerSecond, etaSeconds, broken } = progress;
    log.info({ dataset, done, total, imagesPerSecond, etaSeconds, broken }, `${progress.step} a data set`);
  };
}

function registrationOf({ name, version, classes, inputShape, size }: DatasetReader): DatasetRegistration {
  const [height, width, channels] = inputShape;
  const splits = { train: size("train"), validation: size("validation"), test: size("test") };
  return { name, version, classes: [...classes], inputShape: [height, width, channels], splits };
}
