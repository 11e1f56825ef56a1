import type {
  DistillationSettings,
  Granularity,
  InputName,
  MaskSearchSettings,
  SettingsOverride,
  SnlSettings,
  StageParams,
} from "@reluctant/contracts";
import { catalog } from "./catalog.ts";
import type { Implementation } from "./implementations.ts";

/**
 * A method is data: the stages of one trial, each with its implementation and named inputs. The planner turns the list
 * into stage runs, shares those with equal keys between trials, and leaves out what a spec gives as an artifact.
 */
export interface MethodStage {
  kind: StageParams["kind"];
  implementation: Implementation;
  /** Input name → kind of the earlier stage that makes it. */
  inputs: Partial<Record<InputName, StageParams["kind"]>>;
  /** Whether the stage belongs to the AR model's seed (`arSeed`), and so is shared by all budgets. */
  seededByAr: boolean;
  /** One run descends through all budgets of the spec: what reads it for a trial takes the variant of its budget. */
  descends?: true;
  /** The group of settings that the implementation reads beside its kind's. */
  ownSettings?: "descent" | "deepreduce" | "layerRemoval" | "slimmable" | "snl" | "autorep" | "delphi";
}

export interface Method {
  title: string;
  stages: readonly MethodStage[];
  /** What makes the mask search the method's: no spec changes it. */
  maskSearch: Partial<MaskSearchSettings>;
  /** What the method changes in a recipe, unless the spec says otherwise. */
  defaults?: SettingsOverride;
  /** Share of the recipe's images that search and fine-tune take, for each budget; all of them unless told. */
  imageShare?: number;
  /** What the method changes in the settings of its own search. */
  own?: Partial<SnlSettings>;
  /** The only granularity that its search has; either unless told. */
  granularity?: Granularity;
  /** What the method changes in a recipe's distillation. */
  distillation?: Partial<DistillationSettings>;
}

const train: MethodStage = { kind: "train", implementation: "train/sgd", inputs: {}, seededByAr: true };
const sensitivity: MethodStage = {
  kind: "sensitivity",
  implementation: "sensitivity/sparse-momentum",
  inputs: {},
  seededByAr: true,
};
const maskSearch: MethodStage = {
  kind: "mask-search",
  implementation: "mask-search/senet",
  inputs: { arModel: "train", sensitivity: "sensitivity" },
  seededByAr: false,
};
const distillation: MethodStage = {
  kind: "distillation",
  implementation: "distillation/pram",
  inputs: { arModel: "train", student: "mask-search" },
  seededByAr: false,
};

/** A search of single units by another rule: what only SENet's reads has one value, so that no stage key depends on it. */
const rival = (
  implementation: Implementation,
  ownSettings: NonNullable<MethodStage["ownSettings"]>,
): Pick<Method, "stages" | "maskSearch" | "granularity"> => ({
  stages: [train, { ...maskSearch, implementation, inputs: { arModel: "train" }, ownSettings }, distillation],
  maskSearch: {
    allocation: "uniform",
    allocationList: undefined,
    allocationFloor: 0,
    score: "random",
    stopDistance: 0,
  },
  granularity: "pixel",
});

export const methods = catalog<Record<string, Method>>({
  /** SENet (ICLR 2023): sensitivity, allocation, mask search, distillation. */
  senet: { title: "SENet", stages: [train, sensitivity, maskSearch, distillation], maskSearch: {} },
  /** SENet's masks under weights that serve several widths: a frontier point for each, with its own MACs and ReLUs. */
  "senet++": {
    title: "SENet++",
    stages: [
      train,
      sensitivity,
      maskSearch,
      { ...distillation, implementation: "distillation/senet++", ownSettings: "slimmable" },
    ],
    maskSearch: {},
  },
  /** Baseline: the same share of every layer, units drawn at random; trained as long as SENet. */
  "uniform-random": {
    title: "Uniform random",
    stages: [train, { ...maskSearch, inputs: { arModel: "train" } }, distillation],
    maskSearch: { allocation: "uniform", allocationList: undefined, score: "random" },
  },
  /**
   * Ours: one descent passes every budget, and each student is fine-tuned from there. A third of SENet's images for the
   * whole frontier, whatever the recipe's lengths. It learns as the fine-tune does, since it has no time to recover from
   * what it drops, and it drops what the loss misses least to first order: ResNet-8 on CIFAR-10 at 50, 20, 12, 8 and 3 %
   * reached 79.3, 74.3, 70.8, 67.2 and 58.4 % on validation, by the cost of linearization 78.9, 71.6, 67.7, 62.8 and 50.8 %
   * (examples/comparisons/cifar10-resnet8.yaml, one seed).
   */
  continuation: {
    title: "Continuation",
    stages: [
      train,
      sensitivity,
      { ...maskSearch, implementation: "mask-search/continuation", descends: true, ownSettings: "descent" },
      distillation,
    ],
    maskSearch: {},
    defaults: { maskSearch: { score: "taylor", learningRate: 0.05, distillWeight: 0.9 } },
    imageShare: 1 / 3,
  },
  /** Whole stages and layers by criticality (Jha et al. 2021): few counts, so it misses most budgets. */
  deepreduce: {
    title: "DeepReDuce",
    stages: [
      train,
      {
        ...maskSearch,
        implementation: "mask-search/deepreduce",
        inputs: { arModel: "train" },
        ownSettings: "deepreduce",
      },
      distillation,
    ],
    maskSearch: { score: "random" },
  },
  /** Baseline: whole layers, the one that validation misses least first. */
  "layerwise-removal": {
    title: "Layer-wise removal",
    stages: [
      train,
      {
        ...maskSearch,
        implementation: "mask-search/layerwise-removal",
        inputs: { arModel: "train" },
        ownSettings: "layerRemoval",
      },
      distillation,
    ],
    maskSearch: { score: "linearization-cost" },
  },
  /** Cho et al. 2022, "Selective Network Linearization": slopes under an L1 penalty; misses its budget a little. */
  snl: { title: "SNL", ...rival("mask-search/snl", "snl"), own: { landing: "threshold" } },
  /** SNL that keeps exactly the budget's largest slopes. */
  "snl-exact": {
    title: "SNL, exact",
    ...rival("mask-search/snl", "snl"),
    own: { landing: "exact" },
  },
  /** Peng et al. 2023, "AutoReP": removed units compute a polynomial, so equal counts are not equal cost. */
  autorep: {
    title: "AutoReP",
    ...rival("mask-search/autorep", "autorep"),
    distillation: { clipNorm: 2 },
  },
  /** Mishra et al. 2020, DELPHI's planner by greedy removal: whole layers become quadratic, the first and the last stay. */
  "delphi-planner": {
    title: "DELPHI planner, greedy",
    ...rival("mask-search/delphi-planner", "delphi"),
    distillation: { clipNorm: 2 },
  },
});

export const methodNames = Object.keys(methods);
