/**
 * The first losses of every stage on every backend that runs here, beside the version under which they were recorded.
 * A refactoring keeps them. A commit that means to change them raises the version in the implementation's definition
 * and records anew: GOLDEN=record npx vitest run test/golden
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackendName, InputName, Precision, StageParams } from "@reluctant/contracts";
import { BackendUnavailableError, createEngine } from "@reluctant/engine";
import { type Engine, type StageOutput, stages, unattended } from "@reluctant/stages";
import { type Implementation, implementations } from "@reluctant/stages/definitions";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { testData } from "../../packages/engine/src/test-data.ts";

type Curves = Record<string, { version: number; losses: Record<string, number[]> }>;
const file = join(import.meta.dirname, "curves.json");
const golden = JSON.parse(readFileSync(file, "utf8")) as Curves;
const recording = process.env.GOLDEN === "record";
/**
 * Processors and libraries round differently; over ten steps that stays below 1e-4 in fp32, where a change of method
 * shows. In bf16 another order of a sum may flip the last of eight bits.
 */
const tolerances: Record<Precision, number> = { fp32: 1e-3, bf16: 3e-2 };

const common = { model: "resnet8", steps: 10 };
/** Settings of its own, so that tuning a recipe is not taken for a change of method. */
const sgd = {
  length: { images: 80 },
  batchSize: 8,
  learningRate: 0.05,
  decayAt: [0.5],
  decayFactor: 0.1,
  warmup: 0.2,
  momentum: 0.9,
  weightDecay: 5e-4,
  cropPadding: 1,
  flip: true,
};
const search = {
  interval: { images: 24 },
  score: "linearization-cost",
  stopDistance: 0,
  temperature: 4,
  distillWeight: 0.5,
} as const;
const allocation = { allocation: "sensitivity", allocationFloor: 0.004 } as const;
const distil = { distillWeight: 0.9, temperature: 4, pram: "attention", pramWeight: 1000 } as const;
const snl = {
  learningRate: 1e-3,
  leastTravel: 3,
  penalty: 1e-3,
  counts: 10,
  penaltyGrowth: 2,
  patience: 1,
  threshold: 0.01,
  landing: "threshold",
} as const;
const autorep = { learningRate: 1e-3, leastTravel: 3, densityWeight: 120, hysteresis: 0.003 };
const searchParams = (own: Record<string, object>): StageParams => ({
  kind: "mask-search",
  ...common,
  budget: 500,
  granularity: "pixel",
  intervalSteps: 3,
  settings: { ...sgd, ...search, ...allocation },
  ...own,
});
const runs: [Implementation, StageParams][] = [
  ["train/sgd", { kind: "train", ...common, settings: sgd }],
  [
    "sensitivity/sparse-momentum",
    { kind: "sensitivity", ...common, settings: { ...sgd, density: 0.1, pruneEvery: 3, pruneRate: 0.5 } },
  ],
  [
    "mask-search/senet",
    {
      kind: "mask-search",
      ...common,
      budget: 500,
      granularity: "pixel",
      intervalSteps: 3,
      settings: { ...sgd, ...search, ...allocation },
    },
  ],
  [
    "mask-search/continuation",
    {
      kind: "mask-search",
      ...common,
      budget: 500,
      budgets: [2_000, 500],
      granularity: "pixel",
      intervalSteps: 2,
      settings: { ...sgd, ...search, ...allocation },
      descent: { removals: 2, ranking: "layer", scoreMemory: 0, pramWeight: 0 },
    },
  ],
  [
    "mask-search/deepreduce",
    {
      kind: "mask-search",
      ...common,
      budget: 500,
      granularity: "pixel",
      intervalSteps: 3,
      settings: { ...sgd, ...search, ...allocation, score: "random" },
      deepreduce: { criticalityExponent: 0.07 },
    },
  ],
  [
    "mask-search/layerwise-removal",
    {
      kind: "mask-search",
      ...common,
      budget: 500,
      granularity: "pixel",
      intervalSteps: 3,
      settings: { ...sgd, ...search, ...allocation },
      layerRemoval: { probeImages: 10 },
    },
  ],
  ["distillation/pram", { kind: "distillation", ...common, settings: { ...sgd, ...distil } }],
  [
    "distillation/senet++",
    { kind: "distillation", ...common, settings: { ...sgd, ...distil }, slimmable: { widths: [0.5] } },
  ],
  ["mask-search/snl", searchParams({ snl })],
  ["mask-search/autorep", searchParams({ autorep })],
  ["mask-search/delphi-planner", searchParams({ delphi: { swapShare: 0.5, clipNorm: 2, planImages: 10 } })],
];

/** Runs a stage and notes the loss of each step. */
async function curveOf(
  engine: Engine,
  implementation: Implementation,
  params: StageParams,
  inputs: Partial<Record<InputName, Uint8Array>>,
  precision: Precision,
) {
  const losses: number[] = [];
  const noting = Object.assign(Object.create(engine) as Engine, {
    trainer: (options: Parameters<Engine["trainer"]>[0]) => {
      const trainer = engine.trainer(options);
      return Object.assign(Object.create(trainer) as typeof trainer, {
        step: async (...args: Parameters<typeof trainer.step>) => {
          const outcome = await trainer.step(...args);
          losses.push(outcome.loss);
          return outcome;
        },
      });
    },
  });
  const output = await stages[implementation].run({
    params,
    implementation,
    precision,
    seed: 1,
    inputs,
    data: testData(),
    engine: noting,
    ...unattended,
  });
  return { losses, artifacts: artifactsOf(output) };
}

function artifactsOf(output: StageOutput): Map<string, Uint8Array> {
  if (output.outcome !== "succeeded") throw new Error("the stage stopped");
  return new Map(output.artifacts.map(({ role, bytes }) => [role, bytes]));
}

interface CurvesHere {
  /** By what the kept ones are called. */
  on: string;
  curves: Map<Implementation, number[]>;
}

/** In bf16 versions of libtorch go their own ways after some steps: each of those that are tested has its curves. */
async function curvesOn(backend: BackendName, precision: Precision): Promise<CurvesHere | null> {
  const engine = await createEngine({ backend, threads: 1, precision }).catch((error: unknown) => {
    if (error instanceof BackendUnavailableError) return null;
    throw error;
  });
  if (!engine) return null;
  const inputs: Partial<Record<InputName, Uint8Array>> = {};
  const curves = new Map<Implementation, number[]>();
  for (const [implementation, params] of runs) {
    const { losses, artifacts } = await curveOf(engine, implementation, params, inputs, precision);
    curves.set(implementation, losses);
    if (params.kind === "train") inputs.arModel = artifacts.get("weights");
    if (params.kind === "sensitivity") inputs.sensitivity = artifacts.get("sensitivity");
    if (implementation === "mask-search/senet") inputs.student = artifacts.get("masks");
  }
  const release = engine.info.versions.torch?.match(/^\d+\.\d+/)?.[0];
  return { curves, on: precision === "fp32" ? backend : `${backend} ${release} ${precision}` };
}

// A number that no seed decides would make runs unrepeatable: whoever draws one here fails.
beforeAll(() => {
  vi.spyOn(Math, "random").mockImplementation(() => {
    throw new Error("Math.random was called by a stage");
  });
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe("golden curves", () => {
  it.each([
    ["wasm", "fp32"],
    ["torch", "fp32"],
    ["torch", "bf16"],
  ] as const)(
    "on %s in %s every stage repeats its first losses, or has a new version",
    { timeout: 120_000 },
    async (backend, precision) => {
      const here = await curvesOn(backend, precision);
      if (!here) return expect(backend).not.toBe("wasm"); // torch may be missing, or bf16; wasm is always there
      const { on } = here;
      for (const [implementation, losses] of here.curves) {
        const { version } = implementations[implementation];
        if (recording) record(implementation, version, { [on]: losses });
        const kept = golden[implementation];
        const advice = `${implementation} on ${on}: raise its version if the change is meant, and record (see the head of this file)`;
        expect(kept?.version, advice).toBe(version);
        const far = losses.map((loss, step) => Math.abs(loss / (kept?.losses[on]?.[step] ?? Number.NaN) - 1));
        expect(Math.max(...far), advice).toBeLessThan(tolerances[precision]);
      }
    },
  );
});

function record(implementation: string, version: number, losses: Record<string, number[]>): void {
  const kept = golden[implementation];
  golden[implementation] = { version, losses: { ...(kept?.version === version ? kept.losses : {}), ...losses } };
  writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
}
