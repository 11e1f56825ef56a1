import { type Model, models, narrow, reluLayers } from "@reluctant/relu";
import { type Engine, initialWeights, type Tensors } from "@reluctant/stages";
import { expect, it } from "vitest";
import { distance, normalization, normalized, randomBatch } from "./numbers.ts";
import { referencePass } from "./reference.ts";
import { add, type Numbers } from "./reference-nodes.ts";
import { referenceStep } from "./reference-step.ts";
import { setup, tinyModel, unitValues } from "./subject.ts";

/** What mask searches ask of an engine: scores of units, a price on kept ReLUs, and networks of several widths. */
export function searchConforms(engineOf: () => Engine): void {
  it("sums max(−z, 0) of each unit over batches, from where it was told to begin", async () => {
    const { weights, batch, trainer } = setup(engineOf());
    const own = trainer({ score: "linearization-cost" });
    const start = unitValues(tinyModel, 1, 2);
    own.loadScores(start);
    const other = randomBatch(tinyModel, 8, 1);
    for (const one of [batch, other]) await own.step(one, 0);
    const scores = await own.readScores();
    const passes = [batch, other].map((one) =>
      referencePass({ model: tinyModel, weights, x: normalized(one), mode: "train" }),
    );
    for (const [layer, { name, units }] of reluLayers(tinyModel).entries()) {
      const from = tinyModel.nodes.find((node) => node.name === name) as { from: string };
      const sums = Float64Array.from(start[layer] as Float32Array);
      for (const { outputs } of passes)
        (outputs.get(from.from) as Numbers).forEach((z, i) => {
          add(sums, i % units, Math.max(-z, 0));
        });
      expect(distance(scores[layer] as Float32Array, sums), name).toBeLessThan(1e-5);
    }
    own.loadScores(null);
    expect((await own.readScores()).every((sums) => sums.every((sum) => sum === 0))).toBe(true);
  });

  it("sums what leaves each unit over a batch, by running statistics, and changes nothing", async () => {
    const { student, weights, batch } = setup(engineOf());
    const { outputs } = referencePass({ model: tinyModel, weights, x: normalized(batch), mode: "evaluate" });
    const sums = await student.sumUnits("activation", batch);
    for (const [layer, { name, units }] of reluLayers(tinyModel).entries()) {
      const expected = new Float64Array(units);
      (outputs.get(name) as Numbers).forEach((a, i) => {
        add(expected, i % units, a);
      });
      expect(distance(sums[layer] as Float32Array, expected), name).toBeLessThan(1e-5);
    }
    expect(await student.read()).toEqual(weights);
  });

  it("scores a unit by how far the loss moves, to first order, when it loses its ReLU", async () => {
    const { weights, trainer } = setup(engineOf());
    const image = randomBatch(tinyModel, 1); // the score sums absolute values of images
    const own = trainer({ score: "taylor" });
    await own.step(image, 0);
    const scores = await own.readScores();
    const objective = { crossEntropy: 1 };
    const { gradients } = referenceStep({
      model: tinyModel,
      weights,
      teacherWeights: weights,
      objective,
      batch: image,
    });
    for (const [layer, { name }] of reluLayers(tinyModel).entries())
      expect(
        distance(scores[layer] as Float32Array, (gradients.get(`share.${name}`) as Numbers).map(Math.abs)),
        name,
      ).toBeLessThan(1e-4);
  });

  it("charges for every ReLU that is kept above the target, at the weight of the day", async () => {
    const { student, batch, trainer } = setup(engineOf());
    const layers = reluLayers(tinyModel);
    const units = layers.reduce((sum, layer) => sum + layer.units, 0);
    student.setActivations(layers.map(() => ({ kind: "soft-mask" }))); // each keeps all of its unit at the start
    const own = trainer({
      objective: { crossEntropy: 1, reluPenalty: { weight: 0.01, target: units - 30 } },
      weightDecay: 0,
    });
    expect((await own.step(batch, 0)).reluPenalty).toBeCloseTo(0.3, 4);
    own.adjust({ reluPenaltyWeight: 0.02 });
    const { loss, crossEntropy, reluPenalty } = await own.step(batch, 0);
    expect(reluPenalty).toBeCloseTo(0.6, 4);
    expect(loss).toBeCloseTo(crossEntropy + reluPenalty, 4);
  });

  const widths = () => {
    const engine = engineOf();
    const model = narrow((models.resnet8 as NonNullable<typeof models.resnet8>).build([8, 8, 3], 4), 0.25);
    const weights = initialWeights(model, 1);
    const wide = engine.network({ model, weights, normalization });
    const half = engine.narrowed(wide, narrow(model, 0.5));
    const objective = { crossEntropy: 1 };
    const options = { student: wide, objective, momentum: 0.9, weightDecay: 0 };
    return { engine, wide, half, objective, options, batch: randomBatch(model, 8) };
  };
  const valuesOf = (tensors: Tensors, name: string) => [...(tensors.get(name)?.values ?? [])];

  it("reads a narrow network out as one that stands by itself", async () => {
    const { engine, half, batch, options } = widths();
    const alone = engine.network({ model: half.model as Model, weights: await half.read(), normalization });
    const steps = [half, alone].map((student) => engine.trainer({ ...options, student }).step(batch, 0));
    const [own, apart] = await Promise.all(steps);
    expect(apart?.loss).toBeCloseTo(own?.loss as number, 5);
    expect(await alone.countCorrect(batch)).toBe(await half.countCorrect(batch));
  });

  it("sums a narrow network's loss with the wide one's, and moves shared filters and its own batch norms", async () => {
    const { engine, wide, half, objective, options, batch } = widths();
    const before = { half: await half.read(), wide: await wide.read() };
    const alone = await engine.trainer(options).step(batch, 0);
    const narrowAlone = await engine.trainer({ ...options, student: half }).step(batch, 0);
    const both = engine.trainer({ ...options, narrower: [{ network: half, objective }] });
    expect((await both.step(batch, 0.1)).loss).toBeCloseTo(alone.loss + narrowAlone.loss, 4);
    const after = { half: await half.read(), wide: await wide.read() };
    for (const name of ["bn1.weight", "bn1.bias", "conv1.weight"])
      expect(valuesOf(after.half, name)).not.toEqual(valuesOf(before.half, name));
    expect(valuesOf(after.half, "bn1.bias")).not.toEqual(valuesOf(after.wide, "bn1.bias").slice(0, 2));
    expect(valuesOf(after.half, "conv1.weight")).toEqual(valuesOf(after.wide, "conv1.weight").slice(0, 2 * 27));
  });

  it("gives filters that only the wide network has no gradient from the narrow one", async () => {
    const { engine, wide, half, objective, options, batch } = widths();
    const start = valuesOf(await wide.read(), "conv1.weight");
    const narrower = [{ network: half, objective }];
    const trainer = engine.trainer({ ...options, objective: { crossEntropy: 0 }, narrower });
    await trainer.step(batch, 0.1);
    const moved = valuesOf(await wide.read(), "conv1.weight");
    expect(moved.slice(2 * 27)).toEqual(start.slice(2 * 27));
    expect(moved.slice(0, 2 * 27)).not.toEqual(start.slice(0, 2 * 27));
    expect((await trainer.readMomenta()).has(`${half.model.name}/bn1.weight`)).toBe(true);
  });
}
