/**
 * Weights, gradients and momenta lie in one layout in memory, and activations in another: a step that moves elements only
 * to reorder them wastes memory bandwidth, on GPUs most of all.
 */
import { models, sum } from "@reluctant/relu";
import { type Engine, initialWeights, type Objective, type Trainer } from "@reluctant/stages";
import { countOperators, ensureBuilt, torchInfo } from "@reluctant/tfjs-backend-torch";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { createEngine } from "./engine.ts";
import { asTheyAre, testBatch, testData } from "./test-data.ts";

const names = ["resnet20", "resnet18"] as const;
/** oneDNN gives the gradients of filters in its own order, and libtorch puts them into the filters'. */
const allowed = / by aten::convolution_backward$/;
const distillation: Objective = {
  crossEntropy: 1,
  divergence: { weight: 1, temperature: 4 },
  pram: { form: "attention", weight: 1 },
};

const built = await ensureBuilt();
const missing = "missing" in built ? built.missing : undefined;

describe("a replayed step lays nothing out anew", skipFor(missing), () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: "torch", threads: 1, precision: "fp32" });
  });
  afterEach(() => engine.release());

  it.each(names)(
    "training %s",
    async (name) => {
      const { student } = setup(engine, name);
      const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, ...rates });
      expect(await layoutCopies(trainer)).toEqual([]);
    },
    200_000,
  );

  it.each(names)(
    "distilling %s",
    async (name) => {
      const { student, teacher } = setup(engine, name);
      const trainer = engine.trainer({ student, teacher, objective: distillation, ...rates });
      expect(await layoutCopies(trainer)).toEqual([]);
    },
    200_000,
  );
});

const data = testData(32);
const batch = asTheyAre(testBatch("train", Uint32Array.of(0, 1), 32));
const rates = { momentum: 0.9, weightDecay: 5e-4 };

function setup(engine: Engine, name: (typeof names)[number]) {
  const model = (models[name] as NonNullable<(typeof models)[string]>).build(data.inputShape, data.classes.length);
  const network = (seed: number) =>
    engine.network({ model, weights: initialWeights(model, seed), normalization: data });
  return { student: network(1), teacher: network(2) };
}

/** In the fourth step, for the first two are recorded; without those that are allowed, which are one for each filter at most. */
async function layoutCopies(trainer: Trainer): Promise<string[]> {
  for (let step = 0; step < 3; step++) await trainer.step(batch, 0.01);
  const { operators, layoutCopies } = await countOperators(() => trainer.step(batch, 0.01));
  const convolutions = sum(["aten::convolution", "winograd::convolution"].map((name) => operators[name] ?? 0));
  const gradients = Object.entries(layoutCopies).filter(([what]) => allowed.test(what));
  const copiesOfEach = torchInfo().cpuLevel === "baseline" ? 2 : 1; // there, the matrix product's order comes between
  expect(sum(gradients.map(([, copies]) => copies))).toBeLessThanOrEqual(copiesOfEach * convolutions);
  expect(convolutions).toBeGreaterThan(17); // something was counted
  return Object.keys(layoutCopies).filter((what) => !allowed.test(what));
}
