/** Biases that a file's convolutions have and ours have not: the network must compute what it did, as float64 says. */
import { type Model, models, narrow, nodesOf } from "@reluctant/relu";
import { expect, it } from "vitest";
import {
  distance,
  noise,
  normalized,
  randomBatch,
  randomWeights,
} from "../../packages/engine/src/conformance/numbers.ts";
import { referencePass } from "../../packages/engine/src/conformance/reference.ts";
import { absorbBiases, foreignBiases } from "../../packages/interchange/src/biases.ts";

it.each([
  ["resnet20-option-a", 8, 0.25],
  ["preact-resnet18-open", 8, 0.0625],
  ["wrn22-8", 8, 0.0625],
  ["wrn22-8-late-stride", 8, 0.0625],
  ["vgg16-bn-3-dense", 32, 0.03125],
])("%s computes the same without them", (name, side, width) => {
  const model = narrow(models[name]?.build([side, side, 3], 10) as Model, width);
  const weights = randomWeights(model);
  const withBiases = new Map(weights);
  for (const [salt, { name, shape, bias }] of nodesOf(model, "conv").entries())
    if (!bias) withBiases.set(`${name}.bias`, { shape: [shape[2]], values: noise(shape[2], salt) });
  const x = normalized(randomBatch(model, 2));
  const logitsOf = (tensors: typeof weights) => referencePass({ model, weights: tensors, x, mode: "evaluate" }).logits;

  const absorbed = new Map(absorbBiases(withBiases, model));
  expect([...absorbed.keys()]).toEqual([...weights.keys()]);
  expect(foreignBiases(model).size).toBeGreaterThan(10);
  expect(distance(logitsOf(absorbed), logitsOf(withBiases))).toBeLessThan(1e-5);
  expect(distance(logitsOf(weights), logitsOf(withBiases))).toBeGreaterThan(1e-3);
});
