import type { Event, Experiment, ExperimentSummary, StageRun, Trial } from "@reluctant/contracts";
import { at, hash, uuid } from "./names.ts";
import { accuracyOf, budgets, methods, seeds, stageRunOf, stageRuns } from "./stage-run-fixtures.ts";

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
  best: {
    method: "senet",
    reluCount: 47_104,
    decidedBy: "validation",
    withinOnePoint: true,
    validationAccuracy: 0.8946,
    testAccuracy: 0.8912,
  },
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
      const run = stageRunOf(uuid(n));
      const search = stageRunOf(uuid(n - 40));
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
        priority: "normal",
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

/** The first trial in a state. */
export function trialIn(state: Trial["state"]): Trial {
  const trial = trials.find((each) => each.state === state);
  if (!trial) throw new Error(`no trial of the fixtures is ${state}`);
  return trial;
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
