import type { MetricSeries, Worker } from "@reluctant/contracts";
import { allRelus, at, hash, uuid } from "./names.ts";

/** What the cluster has and does: workers, the attempt that runs and its curve, data sets and models. */

const engine = {
  backend: "torch",
  device: "NVIDIA H200",
  memoryBytes: 1.5e11,
  threads: 1,
  precisions: ["fp32" as const],
  deterministic: false,
  versions: { torch: "2.11" },
  cpuLevel: null,
};

export const workers: Worker[] = [
  ["gpu-1", "busy", 412],
  ["gpu-2", "idle", null],
  ["gpu-3", "silent", null],
  ["gpu-4", "drained", null],
].map(([name, state, imagesPerSecond], i) => ({
  id: uuid(3_000 + i),
  name: name as string,
  pool: "default",
  labels: i === 0 ? { zone: "a", gpu: "h200" } : ({} as Record<string, string>),
  gpuMemory: 1.5e11,
  state: state as Worker["state"],
  reason: state === "drained" ? "by admin: fan broken" : null,
  quarantinedUntil: null,
  engine,
  attemptId: null,
  stageRunId: state === "busy" ? uuid(163) : null,
  imagesPerSecond: imagesPerSecond as number | null,
  startedAt: at(600),
  lastBeatAt: at(state === "silent" ? 2 : 0),
}));

/** A training curve up to `last` steps, a point every 10. */
export function curve(last: number): MetricSeries[] {
  const steps = Array.from({ length: Math.floor(last / 10) + 1 }, (_, i) => i * 10);
  const series = (name: string, value: (step: number) => number, every = 1): MetricSeries => {
    const kept = steps.filter((_, i) => i % every === 0);
    return { series: name, steps: kept, values: kept.map(value) };
  };
  const wobble = (step: number): number => Math.sin(step * 12.9898) * 0.5;
  return [
    series("loss", (step) => 0.5 + 1.8 * Math.exp(-step / 300) + 0.12 * wobble(step)),
    series("train-accuracy", (step) => 0.9 - 0.75 * Math.exp(-step / 320) + 0.03 * wobble(step)),
    series("validation-accuracy", (step) => 0.88 - 0.74 * Math.exp(-step / 350), 10),
    series("images-per-second", (step) => 405 + 14 * wobble(step)),
  ];
}
export const datasets = [
  {
    name: "cifar10",
    alsoNamed: [],
    version: hash(7),
    classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
    inputShape: [32, 32, 3],
    splits: { train: 45_000, validation: 5_000, test: 5_000 },
    createdAt: at(900),
  },
];
export const preparingDatasets = [
  {
    name: "tiny",
    step: "decoding",
    done: 43_000,
    total: 100_000,
    imagesPerSecond: 1_500,
    etaSeconds: 38,
    workers: ["gpu-1"],
  },
];
/** Of the data set above, with a sheet of two rows. */
export const datasetCard = {
  classes: Array.from({ length: 10 }, (_, i) => ({ name: `class ${i}`, train: 4_500, validation: 500, test: 500 })),
  preparation: {
    duplicates: [{ between: ["train", "test"], images: 3, examples: [["train/class 1/a.png", "test/class 1/b.png"]] }],
    broken: { images: 1, examples: [{ file: "/data/cut.png", reason: "/data/cut.png: not a readable image" }] },
  },
  sheet: { rows: 2, columns: 12, side: 64, gap: 4 },
};
export const unusableDatasets = [
  {
    name: "tiny-imagenet",
    reason: "/data/tiny-imagenet-200: holds both val and test",
    fix: "keep the one to report on and move the other away; validation is split off train",
    workers: ["gpu-1", "gpu-2"],
  },
];
export const models = [
  {
    name: "resnet20",
    inputShape: [32, 32, 3],
    reluCount: allRelus,
    reluCountWithoutStem: allRelus - 16_384,
    params: 272_474,
    macs: 41e6,
    reluLayers: [],
  },
];
export const attempts = [
  {
    id: uuid(4_000),
    stageRunId: uuid(163),
    number: 1,
    state: "running",
    worker: "gpu-1",
    engine,
    startStep: 0,
    step: 1_060,
    inexact: false,
    reason: null,
    failure: null,
    gpuSeconds: 330,
    queuedAt: at(6),
    startedAt: at(6),
    endedAt: null,
  },
];
