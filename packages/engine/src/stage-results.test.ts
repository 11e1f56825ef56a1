/** What each stage finds, and what it says of inputs that are not right. */

import type { StageParams } from "@reluctant/contracts";
import { macCount, narrow, narrowMasks, reluCount, reluLayers } from "@reluctant/relu";
import { decodeSafetensors, decodeStudent, decodeWeights, encodeStudent, type StageContext } from "@reluctant/stages";
import { beforeAll, describe, expect, it } from "vitest";
import {
  budget,
  bytesOf,
  type Implementation,
  params,
  succeeded,
  type TinyStages,
  tinyModel,
  tinyStages,
} from "./tiny-stages.ts";

let tiny: TinyStages;
beforeAll(async () => {
  tiny = await tinyStages();
}, 120_000);

describe("what the stages find", () => {
  it("densities that differ between layers, with exactly d of all weights left", async () => {
    const { result } = succeeded(await tiny.plainRun("sensitivity/sparse-momentum"));
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
        await tiny.run("mask-search/senet", { params: { ...own, settings: { ...own.settings, score } } }),
      );
      if (result.kind !== "mask-search") throw new Error(result.kind);
      expect(result.reluCount).toBe(budget);
      expect(result.history.map(({ step }) => step)).toEqual(score === "random" ? [] : [3, 6, 9]);
    }
    const distilled = succeeded(await tiny.plainRun("distillation/pram"));
    const masksOf = (file: Uint8Array) =>
      [...decodeSafetensors(file).tensors].filter(([name]) => name.startsWith("mask."));
    expect(masksOf(bytesOf(distilled.artifacts, "masks"))).toEqual(masksOf(tiny.student));
    expect(decodeSafetensors(bytesOf(distilled.artifacts, "weights")).tensors.get("fc.weight")).not.toEqual(
      decodeSafetensors(tiny.student).tensors.get("fc.weight"),
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
      await tiny.run("mask-search/continuation", { params: { ...own, granularity, descent } }),
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

  it.each(["layer", "network"] as const)(
    "masks within those of a given network on a descent that goes on from it, and exactly the budgets: by %s",
    async (ranking) => {
      const own = params["mask-search/continuation"] as Extract<StageParams, { kind: "mask-search" }>;
      const descent = { removals: 2, ranking, scoreMemory: 0, pramWeight: 0 };
      const model = tinyModel();
      // Its first layer has lost all: what the allocation would give it goes to the others.
      const given = reluLayers(model).map(({ units }, layer) =>
        Uint8Array.from({ length: units }, (_, unit) => Number(layer > 0 && unit % 8 > 0)),
      );
      const student = decodeStudent(tiny.student, model);
      const start = encodeStudent(model, student.weights, given);
      const inputs = { ...tiny.inputs, start };
      const goOn = (budgets: number[], from = start) =>
        tiny.run("mask-search/continuation", {
          params: { ...own, budgets, budget: budgets.at(-1) as number, descent },
          inputs: { ...inputs, start: from },
        });
      const { result, artifacts } = succeeded(await goOn([2_000, 500]));
      if (result.kind !== "mask-search") throw new Error(result.kind);
      expect([result.variants?.[2_000]?.reluCount, result.reluCount]).toEqual([2_000, 500]);
      const { masks } = decodeStudent(bytesOf(artifacts, "masks"), model);
      for (const [layer, mask] of masks.entries())
        expect(mask.every((bit, unit) => bit <= (given[layer]?.[unit] as number))).toBe(true);
      await expect(goOn([reluCount(model), 500])).rejects.toThrow(/^the budget of \d+ is above the \d+ ReLUs that/);
      const polynomials = new Map([["relu1", new Float32Array(48)]]);
      await expect(goOn([500], encodeStudent(model, student.weights, given, polynomials))).rejects.toThrow(
        "input start: its removed units compute polynomials",
      );
    },
  );

  it("whole layers when reduced by criticality, of the stages that are worth the most", async () => {
    const { result } = succeeded(await tiny.plainRun("mask-search/deepreduce"));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.allocation.every(({ size, kept }) => kept === 0 || kept === size)).toBe(true);
    expect(result.reluCount).toBeGreaterThan(0);
    expect(result.images).toBe(9 * 8);
  });

  it("whole layers but for the last, and exactly the budget, when layers are removed one by one", async () => {
    const { result } = succeeded(await tiny.plainRun("mask-search/layerwise-removal"));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.reluCount).toBe(budget);
    expect(result.allocation.filter(({ size, kept }) => kept > 0 && kept < size).length).toBeLessThanOrEqual(1);
  });

  it("the same share of every layer, the units that are most active, by magnitude", async () => {
    const { result, artifacts } = succeeded(await tiny.plainRun("mask-search/magnitude"));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result).toMatchObject({ reluCount: budget, images: 36, history: [] });
    const shares = result.allocation.map(({ size, kept }) => kept - (size * budget) / reluCount(tinyModel()));
    expect(shares.every((excess) => Math.abs(excess) <= 1)).toBe(true);
    const { weights, masks } = decodeStudent(bytesOf(artifacts, "masks"), tinyModel());
    expect(weights).toEqual(decodeWeights(tiny.arModel, tinyModel()));
    const random = decodeStudent(tiny.student, tinyModel()).masks;
    expect(masks).not.toEqual(random);
  });

  it("networks of several widths in one run, each with its own count, that stand by themselves", async () => {
    const { result, artifacts } = succeeded(await tiny.plainRun("distillation/senet++"));
    if (result.kind !== "distillation") throw new Error(result.kind);
    const model = tinyModel();
    const full = decodeStudent(tiny.student, model).masks;
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
    const { result } = succeeded(await tiny.run("mask-search/senet", { params: { ...own, granularity: "channel" } }));
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.reluCount).toBeLessThanOrEqual(budget);
    expect(result.reluCount).toBeGreaterThan(budget - 4); // the last group's channels hold 4 units
  });

  it("masks of the layer counts that a list gives, without a sensitivity run", async () => {
    const own = params["mask-search/senet"] as Extract<StageParams, { kind: "mask-search" }>;
    const list = [10, 20, 30, 40, 100, 200, 100];
    const settings = { ...own.settings, allocation: "manual" as const, allocationList: list };
    const { result } = succeeded(
      await tiny.run("mask-search/senet", { params: { ...own, settings }, inputs: { arModel: tiny.arModel } }),
    );
    if (result.kind !== "mask-search") throw new Error(result.kind);
    expect(result.allocation.map(({ kept }) => kept)).toEqual(list);
  });

  it("a search that stops early when its masks settle", async () => {
    const own = params["mask-search/senet"] as Extract<StageParams, { kind: "mask-search" }>;
    const { result } = succeeded(
      await tiny.run("mask-search/senet", { params: { ...own, settings: { ...own.settings, stopDistance: 1 } } }),
    );
    if (result.kind !== "mask-search") throw new Error(result.kind);
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
    const error = await tiny.run(implementation, overrides).then(
      () => null,
      (reason) => reason,
    );
    expect(error?.failure).toMatchObject({ code: "bad-input", fatal: true, message: expect.stringMatching(message) });
  });
});
