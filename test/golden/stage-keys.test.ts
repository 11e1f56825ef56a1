/**
 * The stage keys of every method with every recipe: what was computed under them is found again only while they stay. A
 * refactoring keeps them. A commit that means to change some says which and why, and records them anew:
 * GOLDEN=record npx vitest run test/golden/stage-keys.test.ts
 */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExperimentSpecInput } from "@reluctant/contracts";
import { canonicalJson, modelNames, models, type Plan, plan, recipeNames, type StageIdentity } from "@reluctant/relu";
import { experimentSpecSchema, methods, registry } from "@reluctant/stages/definitions";
import { describe, expect, it } from "vitest";
import { firstMethods } from "../first-methods.ts";

interface Golden {
  /** By case, the keys of a plan's stage runs in their order. */
  keys: Record<string, string>;
  /** What some of those keys are the hash of. */
  identities: Record<string, StageIdentity>;
}

const file = join(import.meta.dirname, "stage-keys.json");
const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
const recording = process.env.GOLDEN === "record";

type Change = Partial<ExperimentSpecInput>;

const datasetOf = (name: string, side: number, classes: number, trainSize: number) => ({
  version: createHash("sha256").update(name).digest("hex"),
  inputShape: [side, side, 3] as const,
  classes,
  trainSize,
});
const datasets = {
  cifar10: datasetOf("cifar10", 32, 10, 45_000),
  "tiny-imagenet": datasetOf("tiny-imagenet", 64, 200, 90_000),
  imagenet: datasetOf("imagenet", 224, 1_000, 1_153_051),
  /** That of test/plan.test.ts, which holds the first keys that were ever kept. */
  first: { ...datasetOf("first", 32, 10, 45_000), version: "a".repeat(64) },
};
type DatasetName = keyof typeof datasets;

/** The only place that calls the planner. */
function planOf(change: Change): Plan {
  const spec = experimentSpecSchema.parse({
    name: "golden",
    dataset: "cifar10",
    model: "resnet8",
    recipe: "cpu/resnet8",
    seeds: [1],
    ...change,
  });
  const planned = plan(spec, datasets[spec.dataset as DatasetName], registry);
  if (!planned.ok) throw new Error(JSON.stringify(planned.errors));
  return planned.plan;
}

/** What each recipe is for. */
const subjects: Record<string, { dataset: DatasetName; model: string }> = {
  "paper/cifar": { dataset: "cifar10", model: "resnet18" },
  "paper/tiny-imagenet": { dataset: "tiny-imagenet", model: "wrn22-8" },
  "paper/imagenet": { dataset: "imagenet", model: "resnet50" },
  "cpu/resnet8": { dataset: "cifar10", model: "resnet8" },
  "cpu/fast": { dataset: "cifar10", model: "resnet8" },
  "cpu/resnet20": { dataset: "cifar10", model: "resnet20" },
  debug: { dataset: "cifar10", model: "resnet8" },
  imported: { dataset: "cifar10", model: "resnet8" },
};

const budgets = ["20%", "10%"];
const artifact = (name: string) => createHash("sha256").update(`artifact ${name}`).digest("hex");
const given = { arModel: artifact("arModel"), sensitivity: artifact("sensitivity"), masks: artifact("masks") };
const granularitiesOf = (method: string) =>
  (["pixel", "channel"] as const).filter((one) =>
    (methods[method]?.stages ?? []).every((name) => (registry.implementations[name]?.granularity ?? one) === one),
  );

/** What trains nothing is asked for by what it evaluates: see `ofImports`. */
const trainingMethods = Object.keys(methods).filter((method) => method !== "imported");

const ofRecipes = recipeNames.flatMap((recipe) =>
  trainingMethods.flatMap((method) =>
    granularitiesOf(method).flatMap((granularity) =>
      (["fp32", "bf16"] as const).map((precision): [string, Change] => [
        `${recipe} ${method} ${granularity} ${precision}`,
        { ...subjects[recipe], recipe, methods: [method], budgets, granularity, precision },
      ]),
    ),
  ),
);

const ofMethods = trainingMethods.flatMap((method) => {
  const changes: Record<string, Change> = {
    arSeed: { budgets, seeds: [1, 2], arSeed: 3 },
    "until train": { until: "train" },
    "until sensitivity": { until: "sensitivity" },
    "until mask-search": { until: "mask-search", budgets },
    "arModel given": { budgets, arModel: given.arModel },
    "sensitivity given": { budgets, sensitivity: given.sensitivity },
    "arModel and sensitivity given": { budgets, arModel: given.arModel, sensitivity: given.sensitivity },
    "arModel and masks given": { arModel: given.arModel, masks: given.masks },
  };
  return Object.entries(changes).map(([name, change]): [string, Change] => [
    `${method}, ${name}`,
    { ...change, methods: [method] },
  ]);
});

const ofImports: [string, Change][] = [
  ["imported, until train", { arModel: given.arModel, until: "train" }],
  ["imported, masks", { arModel: given.arModel, masks: given.masks }],
].map(([name, change]) => [name as string, { ...(change as Change), methods: ["imported"], recipe: "imported" }]);

const ofModels = modelNames.map((model): [string, Change] => [
  `model ${model}`,
  { model, budgets: ["10%"], dataset: models[model]?.sides.includes(32) ? "cifar10" : "imagenet" },
]);

const counts = [100, 200, 300, 400, 500, 600, 700];
const ofSettings: [string, ExperimentSpecInput["settings"], Change?][] = [
  ["train", { train: { learningRate: 0.2, decay: "cosine" } }],
  ["resized crops", { train: { crop: "resized", cropPadding: 0 }, distillation: { crop: "resized", cropPadding: 0 } }],
  ["sensitivity", { sensitivity: { density: 0.2, pruneEvery: 7 } }],
  ["the score that the recipe had", { maskSearch: { score: "linearization-cost" } }],
  ["the paper's score", { maskSearch: { score: "paper", stopDistance: 0.1 } }],
  ["uniform allocation", { maskSearch: { allocation: "uniform" } }],
  ["published allocation", { maskSearch: { allocation: "paper" } }, { model: "resnet18" }],
  [
    "manual allocation",
    { maskSearch: { allocation: "manual", allocationList: counts } },
    { budgets: [2_800], methods: firstMethods.filter((name) => name !== "continuation") },
  ],
  ["ranking of the network", { descent: { ranking: "network", scoreMemory: 0.5, pramWeight: 0 } }],
  ["deepreduce", { deepreduce: { criticalityExponent: 0.5 } }],
  ["layerRemoval", { layerRemoval: { probeImages: 77 } }],
  ["slimmable", { slimmable: { widths: [0.25, 0.75] } }],
  ["distillation", { distillation: { pram: "raw", pramWeight: 1, clipNorm: 5 } }],
  ["snl", { snl: { penalty: 1e-4, landBy: 0.5 } }],
  ["autorep", { autorep: { densityWeight: 200 } }],
  ["delphi", { delphi: { swapShare: 0.25 } }],
];

const first: Change = {
  dataset: "first",
  methods: ["senet", "uniform-random"],
  budgets: ["10%"],
  settings: { maskSearch: { score: "linearization-cost" } },
};

const cases: [string, Change][] = [
  ["the first that were kept", first],
  ...ofRecipes,
  ...ofMethods,
  ...ofImports,
  ...ofModels,
  ...ofSettings.map(([name, settings, change]): [string, Change] => [
    `settings: ${name}`,
    { methods: firstMethods, budgets: ["10%"], settings, ...change },
  ]),
];

/** Whose identities are kept in full, so that the difference of a key can be read. */
const shown = cases.filter(([name]) => /^(debug|paper\/imagenet) .* fp32$/.test(name));

const keysOf = (change: Change): string =>
  planOf(change)
    .stageRuns.map(({ stageKey }) => stageKey)
    .join(" ");

const identitiesOf = (change: Change): [string, StageIdentity][] =>
  planOf(change).stageRuns.map(({ stageKey, ...identity }) => [stageKey, identity]);

if (recording) {
  const keys = Object.fromEntries(cases.map(([name, change]) => [name, keysOf(change)]));
  const identities = Object.fromEntries(
    shown
      .flatMap(([, change]) => identitiesOf(change))
      .map(([key, identity]) => [key, JSON.parse(canonicalJson(identity))]),
  );
  Object.assign(golden, { keys, identities });
  writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
}

describe("stage keys", () => {
  it("are kept of every recipe", () => expect(Object.keys(subjects)).toEqual(recipeNames));

  it("stay, of every method with every recipe, model and kind of spec", () => {
    expect(Object.fromEntries(cases.map(([name, change]) => [name, keysOf(change)]))).toEqual(golden.keys);
  });

  it.each(shown)("are the hash of the same bytes: %s", (_, change) => {
    for (const [key, identity] of identitiesOf(change)) {
      const kept = golden.identities[key];
      expect(identity).toEqual(kept);
      expect(canonicalJson(identity)).toBe(canonicalJson(kept));
      expect(createHash("sha256").update(canonicalJson(kept)).digest("hex")).toBe(key);
    }
  });
});
