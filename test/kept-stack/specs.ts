import type { ExperimentSpecInput } from "@reluctant/contracts";
import { firstMethods } from "../first-methods.ts";
import { datasetName } from "./dataset.ts";

/**
 * A rate at which no weight moves: the fixture then holds the AR model's weights many times over, which compress to
 * once. Masks, slopes, scores, momenta and what batch norms see are as they would be at any other rate.
 */
const still = 1e-12;

/** Recipe `debug` cut to runs of a second. Half of a descent's steps lie behind a budget of two. */
const brief = {
  train: { length: { images: 240 }, batchSize: 8 },
  sensitivity: { length: { images: 48 }, batchSize: 8, pruneEvery: 2 },
  maskSearch: { length: { images: 96 }, batchSize: 8, interval: { images: 16 }, learningRate: still },
  distillation: { length: { images: 48 }, batchSize: 8, learningRate: still },
  layerRemoval: { probeImages: 20 },
  delphi: { planImages: 20 },
  snl: { learningRate: still },
  autorep: { learningRate: still },
} satisfies ExperimentSpecInput["settings"];

const common = { dataset: datasetName, model: "resnet8", recipe: "debug", arSeed: 1, settings: brief } as const;
const one = ["10%"];
const two = ["20%", "10%"];

/** Distillations of their own for searches that are shared. */
const softened = (temperature: number) => ({ ...brief, distillation: { ...brief.distillation, temperature } });

/** Run to their end. The last two are spelled as specs may be: one item in place of a list, seeds as a count. */
export const finished: ExperimentSpecInput[] = [
  { ...common, name: "every method", methods: firstMethods, budgets: one, seeds: [1] },
  { ...common, name: "two budgets", methods: ["senet", "continuation"], budgets: two, seeds: [1] },
  { ...common, name: "sensitivity alone", until: "sensitivity", seeds: [1] },
  { ...common, name: "one item in place of a list", methods: "uniform-random", budgets: "7372", seeds: [2] },
  { ...common, name: "channels", methods: "senet", granularity: "channel", budgets: "10 %", seeds: { count: 1 } },
];

/** Given the artifact of an AR model. */
export const imported = (arModel: string): ExperimentSpecInput => ({
  ...common,
  name: "an AR model given",
  arModel,
  methods: ["uniform-random"],
  budgets: [5_000],
});

/** Stopped in the middle. Of SENet++ and uniform random it is the distillation, the rest of which others do alike. */
export const halfRun: ExperimentSpecInput[] = [
  { ...common, name: "half an AR model", arSeed: undefined, until: "train", seeds: [3] },
  { ...common, name: "half a sensitivity run", arSeed: 3, until: "sensitivity" },
  {
    ...common,
    name: "half-run searches",
    methods: ["senet", "deepreduce", "layerwise-removal", "snl", "snl-exact", "autorep", "delphi-planner"],
    until: "mask-search",
    budgets: one,
    seeds: [4],
  },
  {
    ...common,
    name: "half a descent",
    methods: "continuation",
    until: "mask-search",
    budgets: two,
    seeds: [4],
  },
  {
    ...common,
    name: "half-run distillations",
    methods: ["senet++", "uniform-random"],
    budgets: one,
    seeds: [1],
    settings: softened(3),
  },
];

/** Waiting: their first stage runs are ready, those that read them blocked. */
export const waiting: ExperimentSpecInput[] = [
  {
    ...common,
    name: "waiting searches",
    methods: firstMethods.filter((name) => name !== "senet++"),
    until: "mask-search",
    budgets: one,
    seeds: [5],
    priority: "low",
  },
  {
    ...common,
    name: "waiting distillations",
    methods: ["senet", "senet++"],
    budgets: one,
    seeds: [1],
    settings: softened(5),
    priority: "low",
  },
  { ...common, name: "waiting from the start", arSeed: 6, budgets: one, seeds: [6], priority: "low" },
];
