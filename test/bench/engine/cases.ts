/** What is measured against PyTorch, as data: the stage of a worker, and what the peer does in its place. */

import type { Precision } from "@reluctant/contracts";
import { type Model, models, type Recipe, recipes, reluCount, reluLayers } from "@reluctant/relu";
import { encodeStudent, encodeWeights, initialWeights, type StageContext, type StageData } from "@reluctant/stages";
import type { Implementation } from "@reluctant/stages/definitions";

/** What both sides do. */
export interface Work {
  /** What the peer does. */
  kind: "train" | "distillation" | "mask-search" | "evaluation";
  model: "resnet8" | "resnet18" | "resnet20";
  batch: number;
  precision: Precision;
}

export interface Case extends Work {
  name: string;
  /** Least ratio to the peer, and the one to reach. */
  bar: { atLeast: number; reach: number };
  /** Takes seconds a step: left out of a quick run. */
  long?: true;
}

/** What the worker's stage evaluates at a time. */
const evaluated = 250;
/** Beside PyTorch of today in its best form; the bars of old were set beside that of 2022. */
const barOf = (precision: Precision): Case["bar"] => ({ atLeast: 1, reach: precision === "bf16" ? 1.1 : 1.2 });

export const nameOf = ({ kind, model, batch, precision }: Work): string => `${kind}/${model}/b${batch}/${precision}`;

const fp32 = { batch: 128, precision: "fp32" } as const;
const measured: readonly Omit<Case, "name" | "bar">[] = [
  { ...fp32, kind: "train", model: "resnet18" },
  { ...fp32, kind: "train", model: "resnet20" },
  { ...fp32, kind: "train", model: "resnet8" },
  { ...fp32, kind: "distillation", model: "resnet20" },
  { ...fp32, kind: "distillation", model: "resnet18", long: true },
  { ...fp32, kind: "mask-search", model: "resnet20" },
  { ...fp32, kind: "mask-search", model: "resnet18", long: true },
  { ...fp32, kind: "evaluation", model: "resnet20", batch: evaluated },
  { ...fp32, kind: "evaluation", model: "resnet18", batch: evaluated, long: true },
  { kind: "train", model: "resnet20", batch: 128, precision: "bf16" },
];
export const cases: readonly Case[] = measured.map((one) => ({ name: nameOf(one), bar: barOf(one.precision), ...one }));

/** Figures of the engine that need a GPU, which this bench has no peer for. */
export const onCuda: readonly string[] = [
  "train/resnet18/b512/bf16/cuda",
  "train/resnet50/b512/bf16/cuda",
  "train/resnet20/b128/bf16/cuda",
];

/** The network of the peer: widths of its groups, and blocks in each. */
export const shapes: Record<Case["model"], { widths: number[]; blocks: number }> = {
  resnet8: { widths: [16, 32, 64], blocks: 1 },
  resnet18: { widths: [64, 128, 256, 512], blocks: 2 },
  resnet20: { widths: [16, 32, 64], blocks: 3 },
};

export type StageRun = Pick<StageContext, "params" | "precision" | "seed" | "inputs"> & {
  implementation: Implementation;
};

/** More steps than any measurement takes. */
const endless = 1_000_000;
const recipe = recipes["paper/cifar"] as Recipe;
const seed = 1;

/** The stage run of a worker that does what the case measures: `steps` training steps at most, half of the ReLUs kept. */
export function stageRun({ kind, model: name, batch, precision }: Work, data: StageData, steps = endless): StageRun {
  const model = models[name]?.build(data.inputShape, data.classes.length) as Model;
  const weights = initialWeights(model, seed);
  const arModel = encodeWeights(model, weights);
  const masks = reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, unit) => unit % 2));
  const settings = { batchSize: batch };
  const runs: Record<Case["kind"], Pick<StageRun, "implementation" | "params" | "inputs">> = {
    train: {
      inputs: {},
      implementation: "train/sgd",
      params: { kind: "train", model: name, steps, settings: { ...recipe.train, ...settings } },
    },
    evaluation: {
      inputs: {},
      implementation: "train/sgd",
      params: { kind: "train", model: name, steps: 1, settings: { ...recipe.train, ...settings } },
    },
    distillation: {
      inputs: { arModel, student: encodeStudent(model, weights, masks) },
      implementation: "distillation/pram",
      params: { kind: "distillation", model: name, steps, settings: { ...recipe.distillation, ...settings } },
    },
    "mask-search": {
      inputs: { arModel },
      implementation: "mask-search/senet",
      params: {
        kind: "mask-search",
        model: name,
        budget: reluCount(model) / 2,
        granularity: "pixel",
        steps,
        intervalSteps: endless, // a stage that is paced cannot do more than its steps
        settings: { ...recipe.maskSearch, ...settings, allocation: "uniform" },
      },
    },
  };
  return { ...runs[kind], precision, seed };
}
