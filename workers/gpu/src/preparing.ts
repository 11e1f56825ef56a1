/**
 * The process that prepares data sets, so that neither a lease nor an attempt waits for it: started with the folders and the
 * cache, it tells what it finds, and ends when its supervisor does. What it leaves half done, the next one goes on with.
 */
import type { DatasetRegistration, UnusableDataset } from "@reluctant/contracts";
import { type DatasetReader, type PrepareProgress, prepareAll } from "@reluctant/datasets";

/** What it is started with, as JSON. */
export interface PreparingTask {
  folders: readonly string[];
  cacheDir: string;
}

export type PreparingNews =
  | { type: "ready"; dataset: DatasetRegistration }
  | { type: "unusable"; dataset: UnusableDataset }
  | { type: "progress"; progress: PrepareProgress }
  /** Those are ready that were met before; `left` are to be prepared. */
  | { type: "opened"; left: readonly string[] }
  | { type: "done" };

const tell = (news: PreparingNews) =>
  new Promise<void>((resolve) => {
    process.send?.(news, undefined, {}, () => resolve());
  });

process.on("disconnect", () => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {}); // a terminal's Ctrl-C is its supervisor's

await prepareAll({
  ...(JSON.parse(process.argv[2] as string) as PreparingTask),
  onReady: (reader) => {
    void reader.close();
    void tell({ type: "ready", dataset: registrationOf(reader) });
  },
  onUnusable: (dataset) => void tell({ type: "unusable", dataset }),
  onProgress: (progress) => void tell({ type: "progress", progress }),
  onOpened: (left) => void tell({ type: "opened", left }),
});
await tell({ type: "done" });
process.exit(0);

function registrationOf({ name, version, classes, inputShape, size }: DatasetReader): DatasetRegistration {
  const [height, width, channels] = inputShape;
  const splits = { train: size("train"), validation: size("validation"), test: size("test") };
  return { name, version, classes: [...classes], inputShape: [height, width, channels], splits };
}
