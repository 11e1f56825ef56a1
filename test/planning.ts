import type { ExperimentSpecInput, FieldError } from "@reluctant/contracts";
import { type DatasetFacts, type Plan, plan } from "@reluctant/relu";
import { experimentSpecSchema, registry } from "@reluctant/stages/definitions";

export const dataset: DatasetFacts = {
  version: "a".repeat(64),
  inputShape: [32, 32, 3],
  classes: 10,
  trainSize: 45_000,
};
/** What tests of plans change. */
export const base: ExperimentSpecInput = {
  name: "sweep",
  dataset: "cifar10",
  model: "resnet8",
  recipe: "cpu/resnet8",
  budgets: ["20%", "10%"],
  seeds: [1],
};

/** @throws where the spec has errors */
export const planOf = (change: Partial<ExperimentSpecInput> = {}): Plan => {
  const planned = plan(experimentSpecSchema.parse({ ...base, ...change }), dataset, registry);
  if (!planned.ok) throw new Error(JSON.stringify(planned.errors));
  return planned.plan;
};

export const errorsOf = (change: Partial<ExperimentSpecInput>): FieldError[] => {
  const planned = plan(experimentSpecSchema.parse({ ...base, ...change }), dataset, registry);
  return planned.ok ? [] : planned.errors;
};
