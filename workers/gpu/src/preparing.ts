/**
 * The process that prepares data sets, so that neither a lease nor an attempt waits for it: started with the folders and the
 * cache, it tells what it finds, and ends when its supervisor does. What it leaves half done, the next one goes on with.
 */
import { join } from "node:path";
import type { DatasetCard, DatasetRegistration, UnusableDataset } from "@reluctant/contracts";
import {
  cardOf,
  type DatasetReader,
  type PrepareProgress,
  prepareAll,
  registrationOf,
  sheetSize,
} from "@reluctant/datasets";

/** What it is started with, as JSON. */
export interface PreparingTask {
  folders: readonly string[];
  cacheDir: string;
}

export type PreparingNews =
  | { type: "ready"; dataset: DatasetRegistration }
  /** What people are shown of one that is ready; its sheet as base64. */
  | { type: "card"; version: string; card: DatasetCard; sheet: string }
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

const task = JSON.parse(process.argv[2] as string) as PreparingTask;
let cards: Promise<void> = Promise.resolve();

await prepareAll({
  ...task,
  onReady: (reader) => {
    void tell({ type: "ready", dataset: registrationOf(reader) });
    cards = cards.then(() => tellCard(reader)).finally(() => reader.close());
  },
  onUnusable: (dataset) => void tell({ type: "unusable", dataset }),
  onProgress: (progress) => void tell({ type: "progress", progress }),
  onOpened: (left) => void tell({ type: "opened", left }),
});
await cards;
await tell({ type: "done" });
process.exit(0);

/** A data set without a card is as good: what keeps it from one is told in the log. */
async function tellCard(reader: DatasetReader): Promise<void> {
  try {
    const { sheet, ...facts } = await cardOf(reader, join(task.cacheDir, reader.version));
    const { ofEach: columns, side, gap, classes } = sheetSize;
    const rows = Math.min(classes, reader.classes.length);
    const card = { ...facts, sheet: { rows, columns, side, gap } } as DatasetCard;
    await tell({ type: "card", version: reader.version, card, sheet: Buffer.from(sheet).toString("base64") });
  } catch (error) {
    console.error(`no card could be made of the data set ${reader.name}: ${error}`);
  }
}
