import type { ExperimentSpec } from "@reluctant/contracts";
import { expect, it } from "vitest";
import { type GivenMasks, maskErrors } from "./given-masks.ts";
import { models } from "./models/catalog.ts";
import { type Model, reluLayers } from "./models/model.ts";

const model = models.resnet8?.build([32, 32, 3], 10) as Model;
const given: GivenMasks = {
  model: "resnet8",
  shapes: reluLayers(model).map(({ shape }) => shape),
  reluCount: 5_000,
  classes: 10,
  hasPolynomials: false,
  datasets: [],
};
const errors = (
  change: Partial<GivenMasks>,
  budgets: ExperimentSpec["budgets"] = [{ count: 5_000 }],
  field = "startMasks",
) =>
  maskErrors(
    field as "startMasks",
    { ...given, ...change },
    {
      spec: { budgets } as ExperimentSpec,
      model,
      dataset: { name: "shapes", classes: 10 },
    },
  );

it("masks that fit a spec are a start, down to budgets that they keep", () => {
  expect(errors({})).toEqual([]);
  expect(errors({ datasets: ["other", "shapes"], classes: null })).toEqual([]);
  expect(errors({ hasPolynomials: true }, undefined, "masks")).toEqual([]);
});

it.each<[Partial<GivenMasks>, string]>([
  [{ model: "resnet20" }, "is of a resnet20; the spec's model is resnet8"],
  [{ shapes: [[64, 64, 16]] }, "is of a resnet8 for images of another size than those of shapes"],
  [{ classes: 100 }, "is of a network of 100 classes; shapes has 10"],
  [{ datasets: ["cifar10"] }, "is of a network for cifar10; the spec's data set is shapes"],
])("%o is refused in its own words", (change, message) => {
  for (const field of ["masks", "startMasks"])
    expect(errors(change, [{ count: 1_000 }], field)).toEqual([{ field, message }]);
});

it("budgets above a start's ReLUs, and polynomials, are refused", () => {
  expect(errors({}, [{ count: 5_001 }, { count: 5_000 }, { percent: 50 }])).toEqual([
    { field: "budgets[0]", message: "is 5001 ReLUs; a search from startMasks only removes, and they keep 5000" },
    { field: "budgets[2]", message: "is 36864 ReLUs; a search from startMasks only removes, and they keep 5000" },
  ]);
  expect(errors({ hasPolynomials: true })).toMatchObject([{ field: "startMasks" }]);
});
