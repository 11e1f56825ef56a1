import { createHash } from "node:crypto";
import type { InputName, StageParams } from "@reluctant/contracts";
import {
  checkpointBytes,
  type Implementation,
  type Model,
  macCount,
  models,
  narrow,
  narrowMasks,
  recipes,
} from "@reluctant/relu";
import {
  decodeSafetensors,
  decodeStudent,
  type Engine,
  type StageArtifact,
  type StageContext,
  type StageOutput,
  stages,
  unattended,
} from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createEngine } from "./engine.ts";
import { realSteps, testData } from "./test-data.ts";

/** Every stage on a tiny ResNet-8 (8×8 images, batch 8, 5 steps an epoch), on the best backend of this machine. */
let engine: Engine;
let arModel: Uint8Array;
let sensitivity: Uint8Array;
let student: Uint8Array;

const budget = 500;
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
const params: Record<Implementation, StageParams> = {
  "train/sgd": { kind: "train", model: "resnet8", steps: 9, settings: { ...recipe.train, ...small } },
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
  "mask-search/snl": { ...search, snl: { ...recipe.snl, leastTravel: 5, penalty: 1, patience: 0 } },
  "mask-search/autorep": { ...search, autorep: { ...recipe.autorep, leastTravel: 5 } },
  "mask-search/delphi-planner": { ...search, delphi: { ...recipe.delphi, planImages: 10 } },
  "distillation/pram": {
    kind: "distillation",
    model: "resnet8",
    steps: 9,
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
/** Adam's steps are bounded, so under it only a loss that overflows at once is not finite. */
const wildSettings = (own: StageParams) =>
  own.kind === "mask-search" && (own.snl || own.autorep)
    ? { temperature: 1e-39 }
    : { learningRate: 100, warmup: 0, momentum: 0.99, weightDecay: 1 };
/** Every one; README tells by the list what runs real steps in tests. */
const implementations = realSteps.resnet8 as Implementation[];

interface Run {
  output: StageOutput;
  checkpoints: { step: number; bytes: Uint8Array }[];
  progress: number[];
}

async function run(implementation: Implementation, overrides: Partial<StageContext> = {}): Promise<Run> {
  const checkpoints: Run["checkpoints"] = [];
  const progress: number[] = [];
  const inputs: Partial<Record<InputName, Uint8Array>> = { arModel, sensitivity, student };
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
}

function succeeded({ output }: Run) {
  if (output.outcome !== "succeeded") throw new Error(`stopped at step ${output.step}`);
  return output;
}
const tinyModel = () => models.resnet8?.build([8, 8, 3], 4) as Model;
/** Of a safetensors file: its length, and the names, shapes and notes. */
const headerBytes = (file: Uint8Array): number =>
  8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
const bytesOf = (artifacts: StageArtifact[], role: StageArtifact["role"]): Uint8Array =>
  artifacts.find((artifact) => artifact.role === role)?.bytes ?? new Uint8Array();
const digests = (artifacts: StageArtifact[]) =>
  artifacts.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex"));

beforeAll(async () => {
  engine = await createEngine({ threads: 1, precision: "fp32" });
  arModel = bytesOf(succeeded(await run("train/sgd")).artifacts, "weights");
  sensitivity = bytesOf(succeeded(await run("sensitivity/sparse-momentum")).artifacts, "sensitivity");
  student = bytesOf(succeeded(await run("mask-search/senet")).artifacts, "masks");
}, 120_000);

describe.each(implementations)("%s", (implementation) => {
  it("ends with the same bytes and numbers however often it is stopped and resumed, and leaves no tensor", async () => {
    const straight = succeeded(await run(implementation));
    let resumeFrom: Uint8Array | null = null;
    for (const stopAt of [4, 5]) {
      let asked = 0;
      const from: number = stopAt === 4 ? 0 : 4;
      const stopped: Run = await run(implementation, { resumeFrom, stopRequested: () => asked++ === stopAt - from });
      expect(stopped.output).toEqual({ outcome: "stopped", step: stopAt });
      resumeFrom = stopped.checkpoints.at(-1)?.bytes ?? null;
    }
    const resumed = succeeded(await run(implementation, { resumeFrom }));
    expect(resumed.result).toEqual(straight.result);
    expect(digests(resumed.artifacts)).toEqual(digests(straight.artifacts));
    expect(tf.memory().numTensors).toBe(0);
  });

  it("changes no number by taking a checkpoint at every step", async () => {
    const { output, checkpoints } = await run(implementation, { checkpointSeconds: 0 }).then((one) => ({
      ...one,
      output: succeeded(one),
    }));
    expect(checkpoints.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const largest = Math.max(...checkpoints.map(({ bytes }) => bytes.length - headerBytes(bytes)));
    const told = checkpointBytes(tinyModel(), params[implementation]);
    expect(Math.abs(largest / told - 1)).toBeLessThan(0.01); // a descent's holds files, whose own headers are 0.5 % here
    expect(digests(output.artifacts)).toEqual(digests(succeeded(await run(implementation)).artifacts));
  });

  it("rejects within one step of an abort, and frees the device", async () => {
    const controller = new AbortController();
    let steps = 0;
    const stopRequested = () => {
      if (++steps === 3) controller.abort(new Error("the lease is gone"));
      return false;
    };
    await expect(run(implementation, { signal: controller.signal, stopRequested })).rejects.toThrow(
      "the lease is gone",
    );
    expect(steps).toBe(3);
    expect(tf.memory().numTensors).toBe(0);
  });

  it("ends a run whose loss is not finite with its step, as a failure that is not retried", async () => {
    const own = params[implementation];
    const wild = { ...own, settings: { ...own.settings, ...wildSettings(own) } } as StageParams;
    const failure = await run(implementation, { params: { ...wild, steps: 300 } as StageParams }).then(
      () => null,
      (error) => error.failure,
    );
    expect(failure).toMatchObject({ code: "not-finite", fatal: true });
    expect(failure.step).toBeGreaterThanOrEqual(own.kind === "mask-search" ? 0 : 1);
  });

  it("reports progress up to its last step", async () => {
    expect((await run(implementation)).progress.at(-1)).toBe(9);
  });
});

it("runs every implementation that there is", () => {
  expect(implementations).toEqual(Object.keys(params));
});

describe("what the stages find", () => {
  it("densities that differ between layers, with exactly d of all weights left", async () => {
    const { result } = succeeded(await run("sensitivity/sparse-momentum"));
    if (result.kind !== "sensitivity") throw new Error(result.kind);
    expect(result.density).toBeCloseTo(0.1, 4);
    expect(new Set(result.layers.map(({ density }) => density.toFixed(3))).size).toBeGreaterThan(3);
    expect(result.layers.reduce((sum, layer) => sum + layer.sensitivity, 0)).toBeCloseTo(1, 12);
    expect(result.history.map(({ step }) => step)).toEqual([3, 5, 6, 9]); // every 3 steps and at the epoch's end
  });

  it("masks with exactly the budget, for every score, which the distillation never changes", async () => {
    const own = params["mask-search/senet"] as Extract<StageParams, { kind: "mask-search" }>;
    for (const score of ["paper", "linearization-cost", "taylor", "random"] as const) {
      const { result } = succeeded(
        await run("mask-search/senet", { params: { ...own, settings: { ...own.settings, score } } }),
      );
      if (result.kind !== "mask-search") throw new Error(result.kind);
      expect(result.reluCount).toBe(budget);
      expect(result.history.map(({ step }) => step)).toEqual(score === "random" ? [] : [3, 6, 9]);
    }
    const distilled = succeeded(await run("distillation/pram"));
    const masksOf = (file: Uint8Array) =>
      [...decodeSafetensors(file).tensors].filter(([name]) => name.startsWith("mask."));
    expect(masksOf(bytesOf(distilled.artifacts, "masks"))).toEqual(masksOf(student));
    expect(decodeSafetensors(bytesOf(distilled.artifacts, "weights")).tensors.get("fc.weight")).not.toEqual(
      decodeSafetensors(student).tensors.get("fc.weight"),
    );
    if (distilled.result.kind !== "distillation") throw new Error(distilled.result.kind);
    const { crossEntropy, divergence, pram } = distilled.result.lossShares;
    expect(crossEntropy + divergence + pram).toBeCloseTo(1, 4);
    const gradient = Object.values(distilled.result.gradientShares ?? {});
    expect(gradient.every((share) => share > 0)).toBe(true);
    expect(gradient.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(distilled.points.map(({ series, step }) => `${series} ${step}`)).toEqual([
      "gradient/cross-entropy 9",
      "gradient/divergence 9",
      "gradient/pram 9",
    ]);
  });

  it.each([
    ["pixel", "layer"],
    ["pixel", "network"],
    ["channel", "layer"],
  ] as const)("nested masks of every budget on one descent: %s-wise, by %s", async (granularity, ranking) => {
    const own = params["mask-search/continuation"] as Extract<StageParams, { kind: "mask-search" }>;
    const descent = { removals: 2, ranking, scoreMemory: 0, pramWeight: 0 };
    const { result, artifacts } = succeeded(
      await run("mask-search/continuation", { params: { ...own, granularity, descent } }),
    );
    if (result.kind !== "mask-search") throw new Error(result.kind);
    const model = tinyModel();
    const masksOf = (variant: string) => {
      const file = artifacts.find((artifact) => artifact.variant === variant)?.bytes ?? new Uint8Array();
      return decodeStudent(file, model).masks;
    };
    const [wide, narrow] = [masksOf("2000"), masksOf("500")];
    const nested = narrow.every((mask, l) => mask.every((bit, unit) => bit <= (wide[l]?.[unit] as number)));
    expect(nested).toBe(true);
    expect(masksOf("full")).toEqual(narrow);
    const { "2000": first, "500": second } = result.variants ?? {};
    if (granularity === "pixel") expect([first?.reluCount, second?.reluCount]).toEqual([2_000, 500]);
    expect(first?.reluCount).toBeLessThanOrEqual(2_000);
    expect(second?.reluCount).toBeLessThanOrEqual(500);
    expect(first?.images).toBe(3 * 8); // after two removals, a step before the third
    expect(second?.images).toBe(9 * 8);
    expect(result).toMatchObject({ reluCount: second?.reluCount, images: 9 * 8 });
  });

  it("whole layers when reduced by criticality, of the stages that are worth the most", async () => {
    const { result } = succeeded(await run("mask-search/deepreduce"));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.allocation.every(({ size, kept }) => kept === 0 || kept === size)).toBe(true);
    expect(result.reluCount).toBeGreaterThan(0);
    expect(result.images).toBe(9 * 8);
  });

  it("whole layers but for the last, and exactly the budget, when layers are removed one by one", async () => {
    const { result } = succeeded(await run("mask-search/layerwise-removal"));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.reluCount).toBe(budget);
    expect(result.allocation.filter(({ size, kept }) => kept > 0 && kept < size).length).toBeLessThanOrEqual(1);
  });

  it("networks of several widths in one run, each with its own count, that stand by themselves", async () => {
    const { result, artifacts } = succeeded(await run("distillation/senet++"));
    if (result.kind !== "distillation") throw new Error(result.kind);
    const model = tinyModel();
    const full = decodeStudent(student, model).masks;
    for (const width of [0.25, 0.5]) {
      const narrowed = narrow(model, width);
      const file = artifacts.find(({ role, variant }) => role === "masks" && variant === String(width));
      const { masks } = decodeStudent(file?.bytes ?? new Uint8Array(), narrowed);
      expect(masks).toEqual(narrowMasks(model, narrowed, full));
      expect(result.variants?.[width]).toMatchObject({
        reluCount: masks.flatMap((mask) => [...mask]).filter(Boolean).length,
        macs: macCount(narrowed),
      });
    }
    expect(result.reluCount).toBe(budget);
    expect(Object.keys(result.variants ?? {})).toEqual(["0.25", "0.5"]);
  });

  it("whole channels within the budget when asked for", async () => {
    const own = params["mask-search/senet"] as Extract<StageParams, { kind: "mask-search" }>;
    const { result } = succeeded(await run("mask-search/senet", { params: { ...own, granularity: "channel" } }));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.reluCount).toBeLessThanOrEqual(budget);
    expect(result.reluCount).toBeGreaterThan(budget - 4); // the last group's channels hold 4 units
  });

  it("masks of the layer counts that a list gives, without a sensitivity run", async () => {
    const own = params["mask-search/senet"] as Extract<StageParams, { kind: "mask-search" }>;
    const list = [10, 20, 30, 40, 100, 200, 100];
    const settings = { ...own.settings, allocation: "manual" as const, allocationList: list };
    const { result } = succeeded(await run("mask-search/senet", { params: { ...own, settings }, inputs: { arModel } }));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.allocation.map(({ kept }) => kept)).toEqual(list);
  });

  it("a search that stops early when its masks settle", async () => {
    const own = params["mask-search/senet"] as Extract<StageParams, { kind: "mask-search" }>;
    const { result } = succeeded(
      await run("mask-search/senet", { params: { ...own, settings: { ...own.settings, stopDistance: 1 } } }),
    );
    expect(result.images).toBeLessThan(9 * 8);
  });
});

describe("inputs that are not right", () => {
  it.each<[string, Implementation, Partial<StageContext>, RegExp]>([
    ["a missing teacher", "distillation/pram", { inputs: {} }, /needs the input arModel/],
    [
      "a teacher that is no safetensors file",
      "distillation/pram",
      { inputs: { arModel: new Uint8Array(4) } },
      /input arModel: .*shorter than 8/,
    ],
    [
      "a budget above all ReLUs",
      "mask-search/senet",
      { params: { ...params["mask-search/senet"], budget: 1e6 } as StageParams },
      /params.budget/,
    ],
    [
      "a model that does not exist",
      "train/sgd",
      { params: { ...params["train/sgd"], model: "resnet9" } },
      /there is no model "resnet9"/,
    ],
    ["parameters of another stage", "train/sgd", { params: params["distillation/pram"] }, /runs train stages/],
    ["a checkpoint that is none", "train/sgd", { resumeFrom: new Uint8Array(9) }, /checkpoint: /],
  ])("%s is a failure that is not retried", async (_, implementation, overrides, message) => {
    const error = await run(implementation, overrides).then(
      () => null,
      (reason) => reason,
    );
    expect(error?.failure).toMatchObject({ code: "bad-input", fatal: true, message: expect.stringMatching(message) });
  });
});
