import { createHash } from "node:crypto";
import type { ExperimentSpecInput } from "@reluctant/contracts";
import { canonicalJson, type DatasetFacts, plan } from "@reluctant/relu";
import { experimentSpecSchema, registry } from "@reluctant/stages/definitions";
import { expect, test } from "vitest";
import { firstMethods } from "../first-methods.ts";

/**
 * Whole plans, as digests that were taken when every stage was still keyed for itself, once a trial: sharing what trials
 * have in common must leave every key, parameter and order as it was. Never change a digest here.
 */
const cifar: DatasetFacts = { version: "a".repeat(64), inputShape: [32, 32, 3], classes: 10, trainSize: 45_000 };
const imagenet: DatasetFacts = {
  version: "b".repeat(64),
  inputShape: [224, 224, 3],
  classes: 1000,
  trainSize: 1_281_167,
};
const artifact = (digit: string) => digit.repeat(64);
const pixelwise = firstMethods.filter((name) => name !== "senet++");
const counts = [100, 200, 300, 400, 500, 600, 700];

const base: ExperimentSpecInput = {
  name: "sweep",
  dataset: "cifar10",
  model: "resnet8",
  recipe: "cpu/resnet8",
  budgets: ["50%", "20%", "8%"],
  seeds: [3, 1, 2],
};

const samples: [what: string, change: Partial<ExperimentSpecInput>, digest: string, dataset?: DatasetFacts][] = [
  ["one method", {}, "ccb53e72dcee05520f7bb9aaded13144aeb1e9fd4ce55dc9055a176be39f411a"],
  ["every method", { methods: firstMethods }, "51a5bf957058ada8267e7b1ea58024abf4b511e296127ed090fb02142086fe1b"],
  [
    "every method, one AR model",
    { methods: firstMethods, arSeed: 7 },
    "63df0f13dc281f8c2e41bf29c8b8c43e48479670785c23b7c5d98c0b8d363ad1",
  ],
  [
    "every method until the search",
    { methods: firstMethods, until: "mask-search" },
    "7726899cbf4770d94673b8cc1b443a2e016d1c08549e89283f2526dd83d37017",
  ],
  [
    "every method until training",
    { methods: firstMethods, until: "train", budgets: undefined },
    "4381d642f1d574b3286c9306cc15af65079e6d071202eda5fa6df3ac69d46d5b",
  ],
  [
    "every method until sensitivity",
    { methods: firstMethods, until: "sensitivity", budgets: undefined },
    "eecee39375091f3697bea43cc4fc40f8f1c3b3cda490e16fbfb168d538b36b1c",
  ],
  [
    "methods twice",
    { methods: ["senet", "senet", "snl"] },
    "8e652eec11c5577df451bfd59f163608846cf9cbf5a0e95a0f82b8e266b5ca21",
  ],
  [
    "budgets and seeds twice",
    { budgets: ["10%", 7372, "10 %"], seeds: [1, 1, 2], methods: ["senet", "continuation"] },
    "c59731a418e171da1d750800b6e61549c27659f06f2757bb5e53360ba3039e38",
  ],
  [
    "channels",
    { methods: ["senet", "uniform-random"], granularity: "channel" },
    "c1bc2e8492f6f1bb7b9c6445c592a86d9204cf98c474da1952c14f8900458e2c",
  ],
  [
    "bf16",
    { methods: pixelwise, precision: "bf16" },
    "4a7359172bfce6115b9dc853e06a43a9cb53541cf419475ef75f6aaac700420c",
  ],
  [
    "a given AR model",
    { methods: ["senet", "continuation"], arModel: artifact("c") },
    "9ecadb990a1b2117cc72f1753cd9775a2aa62bcfbcd7afa34820144ac084cc5f",
  ],
  [
    "a given AR model and sensitivity",
    { methods: ["senet", "continuation"], arModel: artifact("c"), sensitivity: artifact("d") },
    "11de87b66f2c1d5848d27ef253835753c34b4bdffcb0fabc919de29e9cb4ba78",
  ],
  [
    "given masks",
    { budgets: undefined, arModel: artifact("c"), masks: artifact("e"), methods: ["senet", "senet++"] },
    "10142c5a9bf5bc1d22f61bf43f570cdf32b94d6290f15b071225cb53b328a986",
  ],
  [
    "another model",
    { model: "resnet20", recipe: "cpu/resnet20", methods: ["senet", "senet++"] },
    "b43c4bad7d8a163eb089dd1b93d6a14dcde48e13585a5ccedf51ddf1d2b2440f",
  ],
  [
    "the published allocation",
    { model: "resnet18", recipe: "paper/cifar", settings: { maskSearch: { allocation: "paper" } } },
    "4c0e554c358e79aac1857626136400f06e04e9de5f5616ad9aca2aa42b741325",
  ],
  [
    "a manual allocation",
    {
      settings: { maskSearch: { allocation: "manual", allocationList: counts } },
      budgets: [2800],
      methods: ["senet", "uniform-random"],
    },
    "66ba7687ee2ddf47f41e4a00ff29629fc2ab7160db56e5b6486f3ba1358d4a61",
  ],
  [
    "settings of the stages",
    {
      settings: { train: { learningRate: 0.2 }, maskSearch: { score: "paper" }, distillation: { clipNorm: 1 } },
      methods: firstMethods,
    },
    "b9ddbcdbdff4f8c65fc35d278131c03b3ba8647accb1177e3fa500d321b113e7",
  ],
  [
    "settings of the methods",
    {
      settings: {
        snl: { threshold: 0.02 },
        descent: { removals: 7, ranking: "network" },
        slimmable: { widths: [0.25, 0.5] },
      },
      methods: firstMethods,
    },
    "d7fe75615268e816d941429d8e4e1eea4a8cabbacef338e7d93234eab5f022b9",
  ],
  [
    "ImageNet",
    { model: "resnet50", recipe: "paper/imagenet", dataset: "imagenet", methods: ["senet", "continuation"] },
    "5ac2fddd6098c0397343913863e1a24706f4bdedc2f302e6a1c73fdda8c74367",
    imagenet,
  ],
  [
    "many seeds",
    { seeds: Array.from({ length: 40 }, (_, i) => i), methods: ["senet", "continuation", "deepreduce"] },
    "6713339ac3c4eaff1204e9e1ca1bc6ff85b13720c212bcaf387f3f3938952077",
  ],
  [
    "many budgets",
    { budgets: Array.from({ length: 60 }, (_, i) => 1_000 + 17 * i), methods: ["senet", "continuation"] },
    "3b5c0c9f1844f4f0cbce389d2fd0a8bbc885bda02223bf7a3224d7a6617928b1",
  ],
];

test.each(samples)("the plan of %s is what it was", (_, change, digest, dataset = cifar) => {
  const planned = plan(experimentSpecSchema.parse({ ...base, ...change }), dataset, registry);
  if (!planned.ok) throw new Error(JSON.stringify(planned.errors));
  const { trials, stageRuns } = planned.plan;
  expect(createHash("sha256").update(canonicalJson({ trials, stageRuns })).digest("hex")).toBe(digest);
});
