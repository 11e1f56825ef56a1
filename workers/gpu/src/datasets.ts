import {
  type DatasetCard,
  type DatasetRegistration,
  type PreparingDataset,
  ReluctantError,
  type UnusableDataset,
  type WorkerDatasets,
} from "@reluctant/contracts";
import type { PrepareProgress } from "@reluctant/datasets";
import type { Logger } from "@reluctant/telemetry";
import type { PreparingNews } from "./preparing.ts";

/** What the data folders hold, as far as it is known: those that were met before at once, the others as they are prepared. */
export interface HeldDatasets {
  /** Replaced by another whenever it changes. */
  readonly now: WorkerDatasets;
  /** Calls `listener` where one has become ready, or cannot be used, until what it answers is called. Each slot listens for itself. */
  onChange(listener: () => void): () => void;
}

/** What the installation knows of data sets. */
export interface DatasetCatalog {
  register(dataset: DatasetRegistration): Promise<unknown>;
  keepCard(card: { version: string; card: DatasetCard; sheet: Uint8Array }): Promise<unknown>;
}

const waiting = { step: "waiting", done: 0, total: null, imagesPerSecond: null, etaSeconds: null } as const;

/** Follows the process that prepares them, and registers each before it counts as there. */
export class DatasetsInPreparation implements HeldDatasets {
  now: WorkerDatasets = { datasets: [], preparingDatasets: [], unusableDatasets: [] };
  readonly #listeners = new Set<() => void>();
  readonly #register: DatasetCatalog["register"];
  readonly #keepCard: DatasetCatalog["keepCard"];
  readonly #log: Pick<Logger, "info" | "error">;
  readonly #logProgress: (progress: PrepareProgress) => void;

  constructor({ register, keepCard }: DatasetCatalog, log: Pick<Logger, "info" | "error">) {
    this.#register = register;
    this.#keepCard = keepCard;
    this.#log = log;
    this.#logProgress = logged(log);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** News are heard one after the other. @throws what is not the data set's fault */
  async hear(news: PreparingNews): Promise<void> {
    switch (news.type) {
      case "ready":
        return this.#ready(news.dataset);
      case "card": {
        const isRegistered = this.now.datasets.includes(news.version);
        if (isRegistered) await this.#keepCard({ ...news, sheet: Buffer.from(news.sheet, "base64") });
        return;
      }
      case "unusable":
        return this.#unusable(news.dataset);
      case "progress":
        return this.#progress(news.progress);
      case "opened":
        return this.#prepares(news.left.map((name) => ({ name, ...waiting })));
      case "done":
        return this.#prepares([]);
    }
  }

  /** That process has ended before all were prepared. */
  lost(how: string): void {
    const reason = `the process that prepares data sets ended (${how})`;
    for (const { name } of this.now.preparingDatasets)
      this.#unusable({ name, reason, fix: "restart the worker: it goes on where this one was; its log may tell more" });
  }

  /** One whose names the installation does not take, as of a class with a character that turns text around, is left out. */
  async #ready(dataset: DatasetRegistration): Promise<void> {
    try {
      await this.#register(dataset);
    } catch (error) {
      if (!(error instanceof ReluctantError) || error.code !== "invalid-request") throw error;
      const fix = "rename the folders or classes that are named here";
      return this.#unusable({ name: dataset.name, reason: error.message, fix });
    }
    const datasets = [...new Set([...this.now.datasets, dataset.version])];
    this.now = { ...this.now, datasets, preparingDatasets: this.#others(dataset.name) };
    this.#notify();
  }

  #unusable(dataset: UnusableDataset): void {
    this.#log.error({ dataset }, "a data set cannot be used");
    const unusableDatasets = [...this.now.unusableDatasets, dataset];
    this.now = { ...this.now, unusableDatasets, preparingDatasets: this.#others(dataset.name) };
    this.#notify();
  }

  #progress(progress: PrepareProgress): void {
    this.#logProgress(progress);
    const { dataset: name, step, done, total, imagesPerSecond, etaSeconds } = progress;
    if (step === "ready") return; // once it is registered
    this.#prepares([{ name, step, done, total, imagesPerSecond, etaSeconds }, ...this.#others(name)]);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #prepares(preparingDatasets: PreparingDataset[]): void {
    this.now = { ...this.now, preparingDatasets };
  }

  #others(name: string): PreparingDataset[] {
    return this.now.preparingDatasets.filter((each) => each.name !== name);
  }
}

/** Seconds between two lines. */
const logEvery = 5;

/** A line every few seconds while a data set is met for the first time, and one when it is there. */
function logged(log: Pick<Logger, "info">): (progress: PrepareProgress) => void {
  let step = "";
  let due = 0;
  return (progress) => {
    const current = `${progress.dataset} ${progress.step}`;
    if (step !== current) due = logEvery;
    step = current;
    if (progress.step !== "ready" && progress.seconds < due) return;
    due = progress.seconds + logEvery;
    const { dataset, done, total, imagesPerSecond, etaSeconds, broken } = progress;
    const percent = total ? Math.floor((100 * done) / total) : undefined;
    log.info({ dataset, percent, done, total, imagesPerSecond, etaSeconds, broken }, `${progress.step} a data set`);
  };
}
