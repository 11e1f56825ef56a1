import { createHash, randomBytes } from "node:crypto";
import {
  type ArtifactRef,
  type DatasetRegistration,
  type EngineInfo,
  type ExperimentSpec,
  type ExperimentSpecInput,
  fullVariant,
  type ParamsOf,
  type StageParams,
  type StageResult,
} from "@reluctant/contracts";
import { macCount, models, narrow, type ReluLayer, recipeNames, reluLayers } from "@reluctant/relu";
import { experimentSpecSchema, implementationVersions } from "@reluctant/stages/definitions";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A CIFAR-10-like dataset version that no file belongs to. */
export const datasetOf = (change: Partial<DatasetRegistration> = {}): DatasetRegistration => ({
  name: "shapes",
  version: sha256("shapes"),
  classes: Array.from({ length: 10 }, (_, index) => `class ${index}`),
  inputShape: [32, 32, 3],
  splits: { train: 45_000, validation: 5_000, test: 5_000 },
  ...change,
});

/** A spec as a client sends it: one budget and one seed of ResNet-8 unless changed. */
export const sentSpecOf = (change: Partial<ExperimentSpecInput> = {}): ExperimentSpecInput => ({
  name: `experiment ${randomBytes(4).toString("hex")}`,
  dataset: "shapes",
  model: "resnet8",
  recipe: recipeNames[0] as string,
  budgets: ["10%"],
  ...change,
});

/** The same as the API parses it. */
export const specOf = (change: Partial<ExperimentSpecInput> = {}): ExperimentSpec =>
  experimentSpecSchema.parse(sentSpecOf(change));

export const engineOf = (change: Partial<EngineInfo> = {}): EngineInfo => ({
  backend: "fake",
  device: "cpu",
  memoryBytes: null,
  threads: 1,
  precisions: ["fp32"],
  deterministic: false,
  versions: {},
  cpuLevel: null,
  ...change,
});

/** Implementation → version, as a worker of this checkout registers them. */
export const versionsOf = (): Record<string, number> => ({ ...implementationVersions });

/** A result that a stage run of these parameters could have had. */
export function resultOf(params: StageParams, accuracy = 0.9): StageResult {
  const layers = reluLayers(modelOf(params.model));
  const reluCount = layers.reduce((sum, { units }) => sum + units, 0);
  switch (params.kind) {
    case "train":
      return {
        kind: "train",
        images: 128 * params.steps,
        reluCount,
        validationAccuracy: accuracy,
        testAccuracy: accuracy,
      };
    case "sensitivity": {
      const found = layers.map(({ name }) => ({ layer: name, density: 0.1, sensitivity: 1 / layers.length }));
      return { kind: "sensitivity", images: 128 * params.steps, density: 0.1, layers: found, history: [] };
    }
    case "mask-search": {
      const { budget, budgets } = params;
      const images = 128 * params.steps;
      const masks = { ...masksOf(layers, budget), validationAccuracy: accuracy };
      const passed = budgets?.map((level, index) => {
        const until = (images * (index + 1)) / budgets.length;
        return [
          String(level),
          { budget: level, ...masksOf(layers, level), images: until, validationAccuracy: accuracy },
        ];
      });
      const variants = passed && { variants: Object.fromEntries(passed) };
      return { kind: "mask-search", images, ...masks, polynomialUnits: 0, history: [], ...variants };
    }
    case "distillation": {
      const full = modelOf(params.model);
      const variants = widthsOf(params)?.map((width) => {
        const macs = macCount(narrow(full, width));
        const kept = Math.floor((width * reluCount) / 10);
        return [String(width), { reluCount: kept, macs, validationAccuracy: accuracy, testAccuracy: accuracy }];
      });
      return {
        kind: "distillation",
        images: 128 * params.steps,
        reluCount: Math.floor(reluCount / 10),
        polynomialUnits: 0,
        validationAccuracy: accuracy,
        testAccuracy: accuracy,
        lossShares: { crossEntropy: 0.1, divergence: 0.8, pram: 0.1 },
        ...(variants && { variants: Object.fromEntries(variants) }),
      };
    }
    case "private-inference": {
      const online = {
        ms: 100,
        leastMs: 90,
        mostMs: 120,
        bytesSent: 8 * reluCount,
        bytesReceived: 592 * reluCount,
        rounds: 8,
      };
      return {
        kind: "private-inference",
        samples: params.samples,
        reluCount: Math.floor(reluCount / 10),
        privateAccuracy: accuracy,
        plaintextAccuracy: accuracy,
        agreement: 1,
        logitError: { largest: 0.01, mean: 0.001 },
        cost: { offline: { ...online, ms: 1_000 }, online, steps: [], label: "offline linear cost not included" },
        machine: { processor: "a processor", cores: 2, level: "wasm", othersShare: 0, disturbed: false },
      };
    }
  }
}

/** Widths that a distillation serves beside the full one. */
const widthsOf = ({ slimmable }: ParamsOf<"distillation">) => (slimmable as { widths: number[] } | undefined)?.widths;

/** The same share of every layer. */
function masksOf(layers: ReluLayer[], budget: number) {
  const total = layers.reduce((sum, { units }) => sum + units, 0);
  const allocation = layers.map(({ name, units }) => ({
    layer: name,
    size: units,
    kept: Math.floor((budget * units) / total),
  }));
  return { allocation, reluCount: allocation.reduce((sum, { kept }) => sum + kept, 0) };
}

const modelOf = (name: string) => {
  const family = models[name];
  if (!family) throw new Error(`there is no model ${name}`);
  return family.build([32, 32, 3], 10);
};

/** Variants that a stage run of these parameters leaves. */
export const variantsOf = (params: StageParams): string[] => [
  fullVariant,
  ...((params.kind === "mask-search" && params.budgets) || []).map(String),
  ...((params.kind === "distillation" && widthsOf(params)) || []).map(String),
];

/** Roles of what each kind of stage leaves. */
export const rolesOf = {
  train: ["weights"],
  sensitivity: ["sensitivity"],
  "mask-search": ["masks"],
  distillation: ["weights", "masks"],
  "private-inference": [],
} as const satisfies Record<StageParams["kind"], readonly ArtifactRef["role"][]>;

export async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
