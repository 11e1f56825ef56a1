import type {
  Event,
  Experiment,
  ExperimentSummary,
  Frontier,
  FrontierPoint,
  MetricSeries,
  StageParams,
  StageResult,
  StageRun,
  Trial,
  Worker,
} from "@reluctant/contracts";

import { allocationOf, historyOf, maskMapsOf, sensitivities } from "./mask-fixtures.ts";

/** Answers of an API in the middle of a sweep: two methods × four budgets × two seeds; seed 1 came from cache in part. */

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const hash = (n: number): string => String(n).padStart(64, "0");
const long = 188_416;
const at = (minutesAgo: number): string => new Date(Date.now() - minutesAgo * 60_000).toISOString();

const sgd = {
  length: { epochs: 4 },
  batchSize: 128,
  learningRate: 0.05,
  decayAt: [0.5, 0.75],
  decayFactor: 0.1,
  warmup: 0.05,
  momentum: 0.9,
  weightDecay: 5e-4,
  cropPadding: 4,
  flip: true,
};

function paramsOf(kind: StageParams["kind"], budget: number, score: "paper" | "random"): StageParams {
  const common = { model: "resnet20", steps: 1_560 };
  if (kind === "train") return { kind, ...common, settings: sgd };
  if (kind === "sensitivity") {
    return { kind, ...common, settings: { ...sgd, density: 0.1, pruneEvery: 100, pruneRate: 0.5 } };
  }
  const distillWeight = 0.5;
  const temperature = 4;
  if (kind === "distillation") {
    return { kind, ...common, settings: { ...sgd, distillWeight, temperature, pram: "attention", pramWeight: 1_000 } };
  }
  const search = {
    interval: { epochs: 1 },
    score,
    stopDistance: 0,
    allocation: "sensitivity",
    allocationFloor: 0,
  } as const;
  return {
    kind,
    ...common,
    budget,
    granularity: "pixel",
    intervalSteps: 351,
    settings: { ...sgd, ...search, distillWeight, temperature },
  };
}

function resultOf(kind: StageParams["kind"], reluCount: number, accuracy: number): StageResult {
  const images = 199_680;
  if (kind === "train")
    return { kind, images, reluCount, validationAccuracy: accuracy + 0.004, testAccuracy: accuracy };
  if (kind === "sensitivity") {
    return { kind, images, density: 0.1, layers: sensitivities, history: [] };
  }
  if (kind === "mask-search") {
    return {
      kind,
      images,
      reluCount,
      polynomialUnits: 0,
      allocation: allocationOf(reluCount),
      history: historyOf(40),
      validationAccuracy: accuracy - 0.03,
    };
  }
  const lossShares = { crossEntropy: 0.5, divergence: 0.4, pram: 0.1 };
  const reached = { reluCount, polynomialUnits: 0, validationAccuracy: accuracy + 0.003, testAccuracy: accuracy };
  const gradientShares = { crossEntropy: 0.08, divergence: 0.71, pram: 0.21 };
  return { kind, images, ...reached, lossShares, gradientShares };
}

export const budgets = [1_884, 5_652, 18_841, 47_104];
const seeds = [1, 2];
export const methods = ["senet", "uniform-random"];
const accuracyOf = (budget: number, method: string, seed: number): number =>
  0.917 -
  0.62 / (budget / 300) ** 0.62 -
  (method === "senet" ? 0 : 3.2 / budget ** 0.5) +
  Math.sin(seed * budget) * 0.004;

interface Wanted {
  n: number;
  kind: StageParams["kind"];
  seed: number;
  budget: number;
  method: string;
  inputs: StageRun["inputs"];
}

const input = (name: string, n: number) => ({ name, stageRunId: uuid(n), variant: "full", artifact: null });

/** Numbers: seed × 100 + stage; 10 and up are searches, 50 and up distillations. */
function wantedRuns(): Wanted[] {
  return seeds.flatMap((seed) => {
    const base = seed * 100;
    const stem = { seed, budget: 0, method: "" };
    const students = methods.flatMap((method, m) =>
      budgets.flatMap((budget, b): Wanted[] => {
        const n = base + 10 + m * 10 + b;
        const search = [input("arModel", base), ...(m === 0 ? [input("sensitivity", base + 1)] : [])];
        return [
          { n, kind: "mask-search", seed, budget, method, inputs: search },
          {
            n: n + 40,
            kind: "distillation",
            seed,
            budget,
            method,
            inputs: [input("arModel", base), input("student", n)],
          },
        ];
      }),
    );
    return [
      { n: base, kind: "train", ...stem, inputs: [] },
      { n: base + 1, kind: "sensitivity", ...stem, inputs: [input("arModel", base)] },
      ...students,
    ];
  });
}

/** Seed 1 is done but for its last distillation, which runs; seed 2 has failed once, searches, and waits. */
function stateOf({ n }: Wanted): StageRun["state"] {
  if (n < 200) return n === 163 ? "active" : "succeeded";
  if (n <= 201) return "succeeded";
  if (n === 210) return "active";
  if (n === 220) return "failed";
  return n === 260 ? "cancelled" : n < 250 ? "ready" : "blocked";
}

const rolesOf = {
  train: ["weights"],
  sensitivity: ["sensitivity"],
  "mask-search": ["masks"],
  distillation: ["weights", "masks"],
} as const;
const artifactsOf = (n: number, kind: StageParams["kind"]): StageRun["artifacts"] =>
  rolesOf[kind].map((role, i) => ({
    role,
    variant: "full",
    sha256: hash(n * 10 + i),
    bytes: role === "sensitivity" ? 2_480 : 1_123_072,
    mediaType: role === "sensitivity" ? "application/json" : "application/vnd.safetensors",
  }));
/** By artifact. */
export const maskMaps = (sha256: string) => {
  const made = stageRuns.find((run) => run.artifacts.some((artifact) => artifact.sha256 === sha256));
  return made?.result && "reluCount" in made.result ? maskMapsOf(made.result.reluCount) : null;
};

function stageRun(wanted: Wanted): StageRun {
  const { n, kind, seed, budget, method, inputs } = wanted;
  const state = stateOf(wanted);
  const cached = n === 100 || n === 101;
  const accuracy = budget ? accuracyOf(budget, method, seed) : 0.917;
  return {
    id: uuid(n),
    stageKey: hash(n),
    kind,
    implementation: `${kind}/${kind === "mask-search" ? "senet" : "sgd"}`,
    version: 1,
    params: paramsOf(kind, budget, method === "senet" ? "paper" : "random"),
    precision: "fp32",
    seed,
    state,
    reason: state === "failed" ? "loss is not finite at step 212; lower the learning rate" : null,
    inputs,
    origin: cached ? "cached" : "ran",
    trials: budget ? 1 : 8,
    attempts: cached ? 0 : 1,
    progress:
      state === "active" ? { step: 1_060, totalSteps: 1_560, imagesPerSecond: 412, loss: 0.84, etaSeconds: 155 } : null,
    result: state === "succeeded" ? resultOf(kind, budget || long, accuracy) : null,
    artifacts: state === "succeeded" ? artifactsOf(n, kind) : [],
    createdAt: at(30),
    finishedAt: state === "succeeded" ? at(5) : null,
  };
}

export const stageRuns = wantedRuns().map(stageRun);
const countOf = (...states: StageRun["state"][]): number =>
  stageRuns.filter((run) => states.includes(run.state)).length;

export const summary: ExperimentSummary = {
  id: uuid(1),
  name: "cifar10 resnet20 budgets",
  state: "active",
  reason: null,
  dataset: "cifar10",
  datasetVersion: hash(7),
  model: "resnet20",
  recipe: "demo",
  methods,
  budgets,
  seeds,
  trials: 16,
  progress: {
    total: stageRuns.length,
    succeeded: countOf("succeeded"),
    cached: 2,
    active: countOf("active"),
    waiting: countOf("ready", "blocked"),
    failed: countOf("failed"),
    cancelled: countOf("cancelled"),
  },
  best: { reluCount: 47_104, testAccuracy: 0.8912, method: "senet" },
  gpuSeconds: 5_230,
  etaSeconds: 4_320,
  owner: "local",
  createdAt: at(31),
  finishedAt: null,
};

const past = (n: number, change: Partial<ExperimentSummary>): ExperimentSummary => ({
  ...summary,
  id: uuid(n),
  etaSeconds: null,
  finishedAt: at(n),
  createdAt: at(n * 40),
  ...change,
});

export const experiments: ExperimentSummary[] = [
  summary,
  past(2, {
    name: "cifar10 resnet20 budgets, again",
    state: "finished",
    progress: { ...summary.progress, succeeded: 36, cached: 36, active: 0, waiting: 0, failed: 0, cancelled: 0 },
    gpuSeconds: 0,
  }),
  past(3, {
    name: "glyphs smoke",
    dataset: "glyphs",
    model: "resnet8",
    methods: ["senet"],
    seeds: [1],
    state: "failed",
    reason: "mask-search failed 3 times: loss is not finite",
    best: null,
    progress: { total: 10, succeeded: 2, cached: 0, active: 0, waiting: 0, failed: 2, cancelled: 6 },
    gpuSeconds: 31,
  }),
  past(60, { name: "sensitivity only", budgets: [], state: "cancelled", best: null, gpuSeconds: 412 }),
];

export const experiment: Experiment = {
  ...summary,
  granularity: "pixel",
  precision: "fp32",
  priority: "normal",
  pool: "default",
  spec: {},
  revision: 1,
  stageRuns,
};

export const trials: Trial[] = seeds.flatMap((seed) =>
  methods.flatMap((method, m) =>
    budgets.map((budget, b): Trial => {
      const n = seed * 100 + 50 + m * 10 + b;
      const run = stageRuns.find((each) => each.id === uuid(n))!;
      const search = stageRuns.find((each) => each.id === uuid(n - 40))!;
      const first = stageRuns.filter(({ id }) => id === uuid(seed * 100) || (m === 0 && id === uuid(seed * 100 + 1)));
      const state =
        ({ active: "running", blocked: "waiting", ready: "waiting" } as const)[run.state as "active"] ?? run.state;
      const done = run.state === "succeeded";
      return {
        id: uuid(n + 1_000),
        experimentId: summary.id,
        method,
        model: "resnet20",
        budget,
        seed,
        state,
        reason: null,
        needs: [...first, search, run].map(({ id, kind, origin, state: runState }) => ({
          stageRunId: id,
          kind,
          origin: origin ?? "ran",
          state: runState,
        })),
        reluCount: done ? budget : null,
        validationAccuracy: done ? accuracyOf(budget, method, seed) + 0.003 : null,
        testAccuracy: done ? accuracyOf(budget, method, seed) : null,
      };
    }),
  ),
);

const point = (n: number, change: Partial<FrontierPoint>): FrontierPoint => ({
  id: uuid(n),
  stageRunId: uuid(n),
  experimentId: summary.id,
  trialId: uuid(n),
  variant: "full",
  method: "ar",
  recipe: "demo",
  seed: 1,
  budget: null,
  reluCount: long,
  polynomialUnits: 0,
  convention: "all",
  macs: 41e6,
  images: 199_680,
  gpuSeconds: 640,
  validationAccuracy: (change.testAccuracy ?? 0) + 0.003,
  testAccuracy: 0,
  onFrontier: true,
  ...change,
});

export const frontier: Frontier = {
  dataset: "cifar10",
  datasetVersion: hash(7),
  model: "resnet20",
  classes: 10,
  totalRelus: long,
  points: [
    ...[1, 2, 3].map((seed) => point(2_000 + seed, { seed, testAccuracy: 0.914 + seed / 1_000 })),
    ...methods.flatMap((method, m) =>
      [...budgets, 94_208].flatMap((budget, b) =>
        [1, 2, 3].map((seed) => {
          const testAccuracy = accuracyOf(budget, method, seed);
          const trialId = uuid(1_150 + m * 10 + b);
          return point(2_100 + m * 100 + b * 10 + seed, {
            method,
            budget,
            reluCount: budget,
            seed,
            testAccuracy,
            trialId,
          });
        }),
      ),
    ),
  ],
};

const engine = {
  backend: "torch",
  device: "NVIDIA H200",
  memoryBytes: 1.5e11,
  threads: 1,
  precisions: ["fp32" as const],
  deterministic: false,
  versions: { torch: "2.11" },
};

export const workers: Worker[] = [
  ["gpu-1", "busy", 412],
  ["gpu-2", "idle", null],
  ["gpu-3", "silent", null],
].map(([name, state, imagesPerSecond], i) => ({
  id: uuid(3_000 + i),
  name: name as string,
  pool: "default",
  state: state as Worker["state"],
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

const event = (n: number, minutesAgo: number, run: number | null, rest: Pick<Event, "type" | "data">): Event =>
  ({
    cursor: `1.${n}`,
    at: at(minutesAgo),
    experimentId: summary.id,
    stageRunId: run === null ? null : uuid(run),
    attemptId: null,
    ...rest,
  }) as Event;

const attempt = (state: string, number: number, step: number | null, reason: string | null = null, worker = "gpu-1") =>
  ({ type: "attempt.changed", data: { state, number, worker, step, reason } }) as Pick<Event, "type" | "data">;

export const events: Event[] = [
  event(1, 31, null, {
    type: "experiment.submitted",
    data: { name: summary.name, trials: 16, stageRuns: 36, cached: 2 },
  }),
  event(2, 30, 200, attempt("running", 1, 0)),
  event(3, 24, 200, attempt("lost", 1, 1_240, "worker gpu-3 silent for 15 s", "gpu-3")),
  event(4, 23, 200, attempt("running", 2, 1_240)),
  event(5, 12, 220, { type: "stage-run.changed", data: { state: "failed", reason: "loss is not finite at step 212" } }),
  event(6, 3, 163, attempt("running", 1, 0)),
  event(7, 2, 162, { type: "stage-run.changed", data: { state: "succeeded", reason: null } }),
];

export const datasets = [
  {
    name: "cifar10",
    version: hash(7),
    classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
    inputShape: [32, 32, 3],
    splits: { train: 45_000, validation: 5_000, test: 5_000 },
    createdAt: at(900),
  },
];
export const models = [
  {
    name: "resnet20",
    inputShape: [32, 32, 3],
    reluCount: long,
    reluCountWithoutStem: long - 16_384,
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
