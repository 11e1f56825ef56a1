import { expect, it } from "vitest";
import { criticality, type ReluStage, reduceTo, reluStages } from "./deepreduce.ts";
import { models } from "./models/catalog.ts";
import { type Model, reluCount } from "./models/model.ts";

const built = (name: string, side = 32) => models[name]?.build([side, side, 3], 10) as Model;
const rankedBy = (model: Model, names: string[]) =>
  names.map((name) => reluStages(model).find((stage) => stage.name === name) as ReluStage);

it.each(Object.keys(models))("the stages of %s hold each of its ReLUs once", (name) => {
  const model = built(name, name === "resnet50" ? 224 : 32);
  expect(reluStages(model).reduce((sum, { units }) => sum + units, 0)).toBe(reluCount(model));
});

it("the stem is a stage of its own, and so is each block group", () => {
  expect(reluStages(built("resnet18")).map(({ name, units }) => [name, units])).toEqual([
    ["relu1", 65_536],
    ["group 1", 262_144],
    ["group 2", 131_072],
    ["group 3", 65_536],
    ["group 4", 32_768],
  ]);
});

it("criticality weighs what a stage gains by its size", () => {
  expect(criticality(0.2, 10_000, 0.07)).toBeCloseTo(0.105, 3);
  expect(criticality(0.2, 40_000, 0.07)).toBeLessThan(criticality(0.2, 10_000, 0.07));
});

it("culls the least critical stages and thins the others, as far as the budget asks", () => {
  const model = built("resnet18");
  const ranked = rankedBy(model, ["group 3", "group 2", "group 4", "group 1", "relu1"]);
  const reduced = (budget: number) => {
    const { stages, thinned, reluCount } = reduceTo(model, ranked, budget);
    return [stages.length, thinned, reluCount];
  };
  expect(reduced(557_056)).toEqual([5, false, 557_056]);
  expect(reduced(230_000)).toEqual([3, false, 229_376]);
  expect(reduced(200_000)).toEqual([2, false, 196_608]);
  expect(reduced(120_000)).toEqual([3, true, 114_688]);
  expect(reduced(33_000)).toEqual([1, true, 32_768]);
});

it("comes to its smallest count where the budget is smaller still", () => {
  const model = built("resnet18");
  expect(reduceTo(model, rankedBy(model, ["group 4"]), 1_000)).toMatchObject({ reluCount: 16_384, thinned: true });
});
