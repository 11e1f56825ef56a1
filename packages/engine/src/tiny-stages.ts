/** Every stage on a tiny ResNet-8 (8×8 images, batch 8, 5 steps an epoch), on the best backend of this machine: for tests. */

import type { InputName, StageParams, TrainingParams } from "@reluctant/contracts";
import { type Model, models, recipes } from "@reluctant/relu";
import { type StageArtifact, type StageContext, type StageOutput, stages, unattended } from "@reluctant/stages";
import type { Implementation as AnyImplementation } from "@reluctant/stages/definitions";
import { createEngine } from "./engine.ts";
import { ownDebugSettings, testData } from "./test-data.ts";

/** Those that train or evaluate; a private inference is measured on networks of a real size. */
export type Implementation = Exclude<AnyImplementation, `private-inference/${string}`>;

export const budget = 500;
const recipe = recipes.debug as NonNullable<typeof recipes.debug>;
const small = { batchSize: 8, cropPadding: 1 };
const search = {
  kind: "mask-search",
  model: "resnet8",
  budget,
  granularity: "pixel",
  steps: 9,
  intervalSteps: 3,
  settings: { ...recipe.maskSearch, ...small },
} as const satisfies StageParams;
export const params: Record<Implementation, TrainingParams> = {
  "train/sgd": { kind: "train", model: "resnet8", steps: 9, settings: { ...recipe.train, ...small } },
  "train/imported": { kind: "train", model: "resnet8", steps: 0, settings: { ...recipe.train, ...small } },
  "sensitivity/sparse-momentum": {
    kind: "sensitivity",
    model: "resnet8",
    steps: 9,
    settings: { ...recipe.sensitivity, ...small, pruneEvery: 3 },
  },
  "mask-search/senet": search,
  "mask-search/continuation": {
    ...search,
    budgets: [2_000, budget],
    intervalSteps: 1,
    descent: { removals: 2, ranking: "layer", scoreMemory: 0.5, pramWeight: 0 },
  },
  "mask-search/deepreduce": {
    ...search,
    settings: { ...search.settings, score: "random" },
    deepreduce: { criticalityExponent: 0.07 },
  },
  "mask-search/layerwise-removal": { ...search, layerRemoval: { probeImages: 10 } },
  "mask-search/snl": {
    ...search,
    snl: { ...ownDebugSettings("mask-search/snl").snl, leastTravel: 5, penalty: 1, patience: 0 },
  },
  "mask-search/autorep": { ...search, autorep: { ...ownDebugSettings("mask-search/autorep").autorep, leastTravel: 5 } },
  "mask-search/delphi-planner": {
    ...search,
    delphi: { ...ownDebugSettings("mask-search/delphi-planner").delphi, planImages: 10 },
  },
  "mask-search/magnitude": {
    ...search,
    settings: { ...search.settings, batchSize: 4, allocation: "uniform" },
    magnitude: { images: 36 },
  },
  "distillation/pram": {
    kind: "distillation",
    model: "resnet8",
    steps: 9,
    settings: { ...recipe.distillation, ...small },
  },
  "distillation/imported": {
    kind: "distillation",
    model: "resnet8",
    steps: 0,
    settings: { ...recipe.distillation, ...small },
  },
  "distillation/senet++": {
    kind: "distillation",
    model: "resnet8",
    steps: 9,
    settings: { ...recipe.distillation, ...small },
    slimmable: { widths: [0.25, 0.5] },
  },
};

export interface Run {
  output: StageOutput;
  checkpoints: { step: number; bytes: Uint8Array }[];
  progress: number[];
}

export interface TinyStages {
  arModel: Uint8Array;
  /** What `mask-search/senet` found. */
  student: Uint8Array;
  /** What stages read unless told. */
  inputs: StageContext["inputs"];
  /** Runs a stage on the inputs that the first stages made. */
  run(implementation: Implementation, overrides: Partial<StageContext>): Promise<Run>;
  /** The same with nothing else: the first who asks runs it, and all others share what came of it. */
  plainRun(implementation: Implementation): Promise<Run>;
}

export async function tinyStages(): Promise<TinyStages> {
  const engine = await createEngine({ threads: 1, precision: "fp32" });
  const inputs: Partial<Record<InputName, Uint8Array>> = {};
  const run: TinyStages["run"] = async (implementation, overrides) => {
    const checkpoints: Run["checkpoints"] = [];
    const progress: number[] = [];
    const output = await stages[implementation].run({
      params: params[implementation],
      implementation,
      precision: "fp32",
      seed: 1,
      inputs,
      data: testData(),
      engine,
      ...unattended,
      report: {
        ...unattended.report,
        progress: ({ step }) => progress.push(step),
        checkpoint: async (step, bytes) => void checkpoints.push({ step, bytes }),
      },
      ...overrides,
    });
    return { output, checkpoints, progress };
  };
  const plainRuns = new Map<Implementation, Promise<Run>>();
  const plainRun: TinyStages["plainRun"] = (implementation) => {
    const made = plainRuns.get(implementation) ?? run(implementation, {});
    plainRuns.set(implementation, made);
    return made;
  };
  const arModel = bytesOf(succeeded(await plainRun("train/sgd")).artifacts, "weights");
  const sensitivity = bytesOf(succeeded(await plainRun("sensitivity/sparse-momentum")).artifacts, "sensitivity");
  Object.assign(inputs, { arModel, sensitivity });
  const student = bytesOf(succeeded(await plainRun("mask-search/senet")).artifacts, "masks");
  Object.assign(inputs, { student });
  return { arModel, student, inputs, run, plainRun };
}

export function succeeded({ output }: Run) {
  if (output.outcome !== "succeeded") throw new Error(`stopped at step ${output.step}`);
  return output;
}

export const tinyModel = () => models.resnet8?.build([8, 8, 3], 4) as Model;

export const bytesOf = (artifacts: StageArtifact[], role: StageArtifact["role"]): Uint8Array =>
  artifacts.find((artifact) => artifact.role === role)?.bytes ?? new Uint8Array();
