import { type Model, models, reluLayers } from "@reluctant/relu";
import { initialWeights, type LossTerms, maskedRelus, type Objective, type Tensors } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "./backends.ts";
import { TfNetwork } from "./network.ts";
import { asTheyAre, testBatch, testData } from "./test-data.ts";
import { TfTrainer } from "./trainer.ts";

beforeAll(() => openBackend({ threads: 1, precision: "fp32" }));

const objective = {
  crossEntropy: 0.1,
  divergence: { weight: 0.9, temperature: 4 },
  pram: { form: "attention", weight: 1000 },
} as const satisfies Objective;

/** A trainer on the same student, teacher and batch, whatever its objective. */
function setup(own: Objective) {
  const data = testData();
  const model = models.resnet8?.build(data.inputShape, data.classes.length) as Model;
  const network = (seed: number) => new TfNetwork({ model, weights: initialWeights(model, seed), normalization: data });
  const [student, teacher] = [network(1), network(2)];
  student.setActivations(
    maskedRelus(reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, unit) => unit % 2))),
  );
  const trainer = new TfTrainer({ student, teacher, objective: own, momentum: 0, weightDecay: 0 });
  const batch = asTheyAre(testBatch("train", Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7)));
  const dispose = () => {
    for (const owner of [trainer, student, teacher]) owner.dispose();
  };
  return { student, trainer, batch, dispose };
}

const lengthOf = (gradients: Tensors): number =>
  Math.hypot(...[...gradients.values()].map(({ values }) => Math.hypot(...values)));

describe("gradient norms of the terms", () => {
  it.each<[keyof LossTerms, Objective]>([
    ["crossEntropy", { crossEntropy: objective.crossEntropy }],
    ["divergence", { crossEntropy: 0, divergence: objective.divergence }],
    ["pram", { crossEntropy: 0, pram: objective.pram }],
  ])("%s: as long as the gradient of a step that has it alone", async (term, alone) => {
    const [all, single] = [setup(objective), setup(alone)];
    const norms = await all.trainer.gradientNorms(all.batch);
    await single.trainer.step(single.batch, 0); // without momentum and decay, the momenta are the gradients
    const length = lengthOf(await single.trainer.readMomenta());
    expect(length).toBeGreaterThan(0);
    expect(Math.abs(norms[term] / length - 1)).toBeLessThan(1e-4);
    all.dispose();
    single.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });

  it("are 0 for a term that is absent, and measuring them changes nothing", async () => {
    const { student, trainer, batch, dispose } = setup({ crossEntropy: 1 });
    const before = { weights: await student.read(), tensors: tf.memory().numTensors };
    const norms = await trainer.gradientNorms(batch);
    expect(norms).toMatchObject({ divergence: 0, pram: 0, reluPenalty: 0 });
    expect(norms.crossEntropy).toBeGreaterThan(0);
    expect(await student.read()).toEqual(before.weights);
    expect(tf.memory().numTensors).toBe(before.tensors);
    dispose();
  });
});
