import type { ExperimentState, StageKind, StageParams, StageResult, StageRun, Waiting } from "@reluctant/contracts";
import { allocationOf, historyOf, maskMapsOf, sensitivities } from "./mask-fixtures.ts";
import { allRelus, at, hash, uuid } from "./names.ts";

/** Stage runs in the middle of a sweep: two methods × four budgets × two seeds; seed 1 came from cache in part. */

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

/** Of this sweep: it measures no private inference. */
type Kind = Exclude<StageKind, "private-inference">;

function paramsOf(kind: Kind, budget: number, score: "paper" | "random"): StageParams {
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

function resultOf(kind: Kind, reluCount: number, accuracy: number): StageResult {
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
export const seeds = [1, 2];
export const methods = ["senet", "uniform-random"];
export const accuracyOf = (budget: number, method: string, seed: number): number =>
  0.917 -
  0.62 / (budget / 300) ** 0.62 -
  (method === "senet" ? 0 : 3.2 / budget ** 0.5) +
  Math.sin(seed * budget) * 0.004;

interface Wanted {
  n: number;
  kind: Kind;
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
      { n: base + 1, kind: "sensitivity", ...stem, inputs: [] },
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
const artifactsOf = (n: number, kind: Kind): StageRun["artifacts"] =>
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
    result: state === "succeeded" ? resultOf(kind, budget || allRelus, accuracy) : null,
    artifacts: state === "succeeded" ? artifactsOf(n, kind) : [],
    createdAt: at(30),
    finishedAt: state === "succeeded" ? at(5) : null,
  };
}

export const stageRuns = wantedRuns().map(stageRun);

export function stageRunOf(id: string): StageRun {
  const run = stageRuns.find((each) => each.id === id);
  if (!run) throw new Error(`the fixtures have no stage run ${id}`);
  return run;
}

/** Why a stage run of these waits, in an experiment of this state. */
export function waitingOf(id: string, state: ExperimentState): Waiting["waiting"] {
  const run = stageRuns.find((one) => one.id === id);
  if (run?.state !== "ready" && run?.state !== "blocked") return null;
  if (state === "paused") return { code: "paused", message: "every experiment that needs it is paused" };
  return { code: "queue", message: "12 others of its kind get their turn before it: 8 slots of pool default, 0 free" };
}
