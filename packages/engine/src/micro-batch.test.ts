import { type Model, models } from "@reluctant/relu";
import { initialWeights, type Tensors, type TrainerOptions, type TrainingBatch } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "./backends.ts";
import { TfNetwork } from "./network.ts";
import { asTheyAre, testBatch, testData } from "./test-data.ts";
import { TfTrainer } from "./trainer.ts";

beforeAll(() => openBackend({ threads: 1, precision: "fp32" }));

/** A step of eight images, at once or by micro-batches: what it told, gradients, statistics and scores. */
async function stepped(batch: TrainingBatch, options: Partial<TrainerOptions>) {
  const data = testData();
  const model = models.resnet8?.build(data.inputShape, data.classes.length) as Model;
  const network = (seed: number) => new TfNetwork({ model, weights: initialWeights(model, seed), normalization: data });
  const [student, teacher] = [network(1), network(2)];
  const objective = {
    crossEntropy: 0.5,
    divergence: { weight: 0.5, temperature: 4 },
    pram: { form: "attention", weight: 100 },
  } as const;
  const rates = { momentum: 0, weightDecay: 0 }; // the momenta are then the gradients
  const trainer = new TfTrainer({ student, teacher, objective, ...rates, score: "taylor", ...options } as never);
  const tensors = tf.memory().numTensors;
  const outcome = await trainer.step(batch, 0);
  expect(tf.memory().numTensors).toBe(tensors);
  const found = { outcome, gradients: await trainer.readMomenta(), weights: await student.read() };
  const scores = await trainer.readScores();
  for (const owner of [trainer, student, teacher]) owner.dispose();
  return { ...found, scores };
}

const images = (...indices: number[]) => asTheyAre(testBatch("train", Uint32Array.from(indices)));

/** How far values are apart at most, of the largest. */
function apart(some: readonly ArrayLike<number>[], others: readonly ArrayLike<number>[]): number {
  const flat = (values: readonly ArrayLike<number>[]) => values.flatMap((each) => Array.from(each));
  const [a, b] = [flat(some), flat(others)];
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) / Math.max(...b.map(Math.abs));
}

const valuesOf = (tensors: Tensors, suffix = "") =>
  [...tensors].filter(([name]) => name.endsWith(suffix)).map(([, { values }]) => values);

describe("a step by micro-batches", () => {
  // Halves that are alike have the batch's own mean and variance, so that batch norm does the same in each.
  const alike = images(0, 1, 2, 3, 0, 1, 2, 3);

  it("has the losses, gradients and scores of the batch, where batch norm sees the same", async () => {
    const [whole, halves] = [await stepped(alike, {}), await stepped(alike, { microBatch: 4 })];
    expect(halves.outcome.correct).toBe(whole.outcome.correct);
    for (const term of ["loss", "crossEntropy", "divergence", "pram"] as const)
      expect(Math.abs(halves.outcome[term] / whole.outcome[term] - 1)).toBeLessThan(1e-5);
    expect(apart(valuesOf(halves.gradients), valuesOf(whole.gradients))).toBeLessThan(1e-4);
    expect(apart(halves.scores, whole.scores)).toBeLessThan(1e-4);
  });

  it("moves running statistics once for each of them", async () => {
    const [whole, halves] = [await stepped(alike, {}), await stepped(alike, { microBatch: 4 })];
    const [once, twice] = [whole, halves].map(({ weights }) => valuesOf(weights, "running_mean"));
    // from 0 by a tenth of the way: 0.1, then 0.19
    const wanted = (once as Float32Array[]).map((mean) => mean.map((value) => 1.9 * value));
    expect(apart(twice as Float32Array[], wanted)).toBeLessThan(1e-4);
  });

  it("normalizes each by its own statistics: halves that differ give another gradient than the batch", async () => {
    const sorted = images(0, 4, 8, 12, 3, 7, 11, 15); // of the darkest class, of the brightest
    const [whole, halves] = [await stepped(sorted, {}), await stepped(sorted, { microBatch: 4 })];
    expect(apart(valuesOf(halves.gradients), valuesOf(whole.gradients))).toBeGreaterThan(0.1);
  });

  it("of the whole batch, or more, is the batch's bit for bit", async () => {
    const whole = await stepped(alike, {});
    for (const microBatch of [8, 100]) {
      const same = await stepped(alike, { microBatch });
      expect(same.outcome).toEqual(whole.outcome);
      expect(apart(valuesOf(same.gradients), valuesOf(whole.gradients))).toBe(0);
      expect(apart(valuesOf(same.weights), valuesOf(whole.weights))).toBe(0);
    }
  });

  it("takes fewer images in the last where the batch is no multiple of them", async () => {
    const six = images(0, 1, 2, 0, 1, 2);
    const { outcome } = await stepped(six, { microBatch: 4 });
    const { loss, crossEntropy, divergence, pram } = outcome;
    expect(Math.abs(loss - (crossEntropy + divergence + pram))).toBeLessThan(1e-3);
    expect(outcome.finite).toBe(true);
  });
});
