import { expect, test } from "vitest";
import { fieldErrors } from "./problems.ts";
import { settingsOverrideSchemaOf } from "./settings.ts";
import { experimentSpecSchemaOf } from "./spec.ts";

const experimentSpecSchema = experimentSpecSchemaOf(settingsOverrideSchemaOf({}));

const errorsOf = (change: object) => {
  const spec = { name: "sweep", dataset: "cifar10", model: "resnet20", recipe: "debug", budgets: ["10%"], ...change };
  const result = experimentSpecSchema.safeParse(spec);
  return result.success ? [] : fieldErrors(result.error);
};

test("an item of a list is named by its index and keeps its own message", () => {
  expect(errorsOf({ budgets: ["10%", 0.1] })).toEqual([
    { field: "budgets[1]", message: expect.stringContaining('write "10%"') },
  ]);
});

test("a value of another type than every branch of a union names the types it may have", () => {
  expect(errorsOf({ settings: { train: { length: 5 } } })).toEqual([
    { field: "settings.train.length", message: "must be of type object" },
  ]);
});

test("unknown keys are named where they stand", () => {
  expect(errorsOf({ settings: { train: { lr: 1 } }, colour: 1 })).toEqual([
    { field: "settings.train.lr", message: "is not a known field" },
    { field: "colour", message: "is not a known field" },
  ]);
});
