import type { InputName, ParamsOf, StageParams } from "@reluctant/contracts";
import { type Model, models, recipes, reluCount } from "@reluctant/relu";
import { type Engine, stages, unattended } from "@reluctant/stages";
import type { Implementation } from "@reluctant/stages/definitions";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { createEngine } from "./engine.ts";
import { ownDebugSettings, realSteps, testData } from "./test-data.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1, precision: "fp32" });
});

const recipe = recipes.debug as NonNullable<typeof recipes.debug>;
/** Four images to a batch norm, at the end of one pixel each: 50 layers of that blow gradients up, hence the tiny rate. */
const own = { batchSize: 4, cropPadding: 1, learningRate: 1e-6, warmup: 0 };

const searchParams = (model: string, budget: number, implementation: Implementation): ParamsOf<"mask-search"> => ({
  kind: "mask-search",
  model,
  budget,
  granularity: "pixel",
  steps: 1,
  intervalSteps: 1,
  settings: { ...recipe.maskSearch, ...own },
  ...ownDebugSettings(implementation),
});

/** Each layer's removal is evaluated, and ResNet-50 has 47: on ten images that took 16 s of processor. */
const plannedOnOneImage = { delphi: { ...ownDebugSettings("mask-search/delphi-planner").delphi, planImages: 1 } };

/** A step of every stage and of each kind of search that asks something else of the engine (a descent needs one before each removal), on each stage's real inputs. */
const paramsOf = (model: string, budget: number): Partial<Record<Implementation, StageParams>> => ({
  "train/sgd": { kind: "train", model, steps: 1, settings: { ...recipe.train, ...own } },
  "sensitivity/sparse-momentum": {
    kind: "sensitivity",
    model,
    steps: 1,
    settings: { ...recipe.sensitivity, ...own, pruneEvery: 1 },
  },
  "mask-search/senet": {
    kind: "mask-search",
    model,
    budget,
    granularity: "pixel",
    steps: 1,
    intervalSteps: 1,
    settings: { ...recipe.maskSearch, ...own, score: "paper" },
  },
  "mask-search/continuation": {
    kind: "mask-search",
    model,
    budget,
    budgets: [2 * budget, budget],
    granularity: "pixel",
    steps: 3,
    intervalSteps: 1,
    settings: { ...recipe.maskSearch, ...own },
    descent: { removals: 1, ranking: "network", scoreMemory: 0, pramWeight: 0 },
  },
  "mask-search/snl": searchParams(model, budget, "mask-search/snl"),
  "mask-search/autorep": searchParams(model, budget, "mask-search/autorep"),
  "mask-search/delphi-planner": { ...searchParams(model, budget, "mask-search/delphi-planner"), ...plannedOnOneImage },
  "distillation/pram": { kind: "distillation", model, steps: 1, settings: { ...recipe.distillation, ...own } },
});

const setup = (name: string, side: number) => {
  const data = testData(side);
  const model = models[name]?.build(data.inputShape, data.classes.length) as Model;
  const budget = Math.floor(reluCount(model) / 5);
  const inputs: Partial<Record<InputName, Uint8Array>> = {};
  const stepped = new Set<string>();
  const step = async (implementation: Implementation) => {
    const output = await stages[implementation].run({
      params: paramsOf(name, budget)[implementation] as StageParams,
      implementation,
      precision: "fp32",
      seed: 1,
      inputs,
      data,
      engine,
      ...unattended,
    });
    stepped.add(implementation);
    if (output.outcome !== "succeeded") throw new Error(`stopped at ${output.step}`);
    const bytesOf = (role: string) => output.artifacts.find((artifact) => artifact.role === role)?.bytes as Uint8Array;
    return { result: output.result, bytesOf };
  };
  return { budget, inputs, step, stepped };
};

it.each([
  ["resnet18", 8],
  ["resnet50", 32],
  ["wrn22-8", 8],
  ["vgg16-bn", 8],
])("%s goes through every stage", { timeout: 300_000 }, async (name, side) => {
  const { budget, inputs, step, stepped } = setup(name, side);
  inputs.arModel = (await step("train/sgd")).bytesOf("weights");
  inputs.sensitivity = (await step("sensitivity/sparse-momentum")).bytesOf("sensitivity");
  const searched = await step("mask-search/senet");
  inputs.student = searched.bytesOf("masks");
  const distilled = await step("distillation/pram");
  const descended = await step("mask-search/continuation");
  const snl = await step("mask-search/snl");
  const autorep = await step("mask-search/autorep");
  inputs.student = (await step("mask-search/delphi-planner")).bytesOf("masks");
  const quadratic = await step("distillation/pram");

  expect([...stepped].sort()).toEqual(realSteps[name]?.toSorted());
  expect(searched.result).toMatchObject({ reluCount: budget, images: 4 });
  expect(distilled.result).toMatchObject({ reluCount: budget, images: 4 });
  for (const { result } of [snl, autorep]) expect(result).toMatchObject({ kind: "mask-search", images: 4 });
  if (quadratic.result.kind !== "distillation") throw new Error(quadratic.result.kind);
  expect(quadratic.result.polynomialUnits).toBeGreaterThan(0); // one layer, the first to be swapped
  expect(descended.result).toMatchObject({ reluCount: budget, variants: { [2 * budget]: { reluCount: 2 * budget } } });
  if (distilled.result.kind !== "distillation") throw new Error(distilled.result.kind);
  expect(distilled.result.lossShares.pram).toBeGreaterThan(0);
  expect(tf.memory().numTensors).toBe(0);
});
