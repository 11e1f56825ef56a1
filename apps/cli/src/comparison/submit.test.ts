import type { ExperimentSpecInput } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { isSameRequest } from "./submit.ts";

const wanted: ExperimentSpecInput = {
  name: "small",
  dataset: "cifar10",
  model: "resnet8",
  recipe: "debug",
  budgets: ["10%"],
  seeds: [1],
};
const runs = (...keys: string[]) => keys.map((stageKey) => ({ stageKey }));
const planned = { stageRuns: runs("a", "b") };
const asks = (spec: object, ...keys: string[]) =>
  isSameRequest({ spec: { ...wanted, ...spec }, stageRuns: runs(...keys) }, wanted, planned);

test("an earlier experiment is the same by what its spec means and what came of it, however it was spelled", () => {
  expect(asks({}, "b", "a")).toBe(true);
  expect(asks({ seeds: 1, budgets: "10%", methods: ["senet"] }, "a", "b")).toBe(true); // as specs were stored once
  expect(asks({ seeds: { count: 1 } }, "a", "b")).toBe(true);
});

test("another spec, other stage runs or a spec that cannot be read any more are not the same", () => {
  expect(asks({ seeds: 2 }, "a", "b")).toBe(false);
  expect(asks({ priority: "high" }, "a", "b")).toBe(false);
  expect(asks({}, "a", "c")).toBe(false); // an implementation's version rose
  expect(asks({ gone: true }, "a", "b")).toBe(false);
});
