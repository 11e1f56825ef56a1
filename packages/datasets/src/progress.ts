import type { DatasetSource } from "./source.ts";

/** How far a data set is that is met for the first time: first all of it is read, then its images are decoded. */
export interface PrepareProgress {
  dataset: string;
  step: "reading" | "decoding" | "ready";
  /** Images of this step. */
  done: number;
  /** Not known while a source is read for the first time. */
  total: number | null;
  /** Since the step began; of `ready`, since the data set was begun. */
  seconds: number;
  imagesPerSecond: number | null;
  etaSeconds: number | null;
  /** Of `ready`: images that were left out, listed in `broken.txt` of the prepared data set; absent where none was. */
  broken?: number;
}

/** Milliseconds between two reports: a bar needs no more, and 1,500 images a second come from CIFAR. */
const reportEveryMs = 100;

/** Tells how far a data set is, with its rate; `now` in milliseconds. */
export class ProgressReport {
  private readonly dataset: string;
  private readonly tell: (progress: PrepareProgress) => void;
  private readonly now: () => number;
  private readonly began: number;
  private step: { name: "reading" | "decoding"; began: number; told: number } | null = null;

  constructor(dataset: string, tell: (progress: PrepareProgress) => void, now: () => number = () => performance.now()) {
    this.dataset = dataset;
    this.tell = tell;
    this.now = now;
    this.began = now();
  }

  at(name: "reading" | "decoding", done: number, total: number | null): void {
    const now = this.now();
    if (this.step?.name !== name) this.step = { name, began: now, told: Number.NEGATIVE_INFINITY };
    if (now - this.step.told < reportEveryMs && done !== total) return;
    this.step.told = now;
    const seconds = (now - this.step.began) / 1_000;
    const imagesPerSecond = seconds >= 0.5 && done > 0 ? done / seconds : null; // before that it is a guess
    const etaSeconds = imagesPerSecond === null || total === null ? null : (total - done) / imagesPerSecond;
    this.tell({ dataset: this.dataset, step: name, done, total, seconds, imagesPerSecond, etaSeconds });
  }

  ready(images: number, broken = 0): void {
    const seconds = (this.now() - this.began) / 1_000;
    const imagesPerSecond = seconds > 0 ? images / seconds : null;
    const all = { done: images, total: images, seconds, imagesPerSecond, etaSeconds: 0 };
    this.tell({ dataset: this.dataset, step: "ready", ...all, ...(broken > 0 && { broken }) });
  }
}

/** The source, ended by the signal between two samples, with a count of those that were read. */
export const observed = (
  source: DatasetSource,
  signal: AbortSignal | undefined,
  onRead: (samples: number) => void,
): DatasetSource => ({
  ...source,
  async *samples() {
    let read = 0;
    for await (const sample of source.samples()) {
      signal?.throwIfAborted();
      yield sample;
      onRead(++read);
    }
  },
});
