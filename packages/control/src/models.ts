import { createHash } from "node:crypto";
import type { ModelResource } from "@reluctant/contracts";
import {
  canonicalJson,
  inputShape,
  type Model,
  macCount,
  models,
  parameterCount,
  reluCount,
  reluCountWithoutStem,
  reluLayers,
  type Shape,
} from "@reluctant/relu";

/** What is kept of a model: the SHA-256 of its definition, and its size. */
export interface ModelFacts {
  definitionHash: string;
  reluCount: number;
  params: bigint;
  macs: bigint;
}

const known = new WeakMap<Model, ModelFacts>();

/** Found once for each model: the hash alone takes 0.2 ms. */
export function factsOf(model: Model): ModelFacts {
  const facts = known.get(model) ?? {
    definitionHash: createHash("sha256").update(canonicalJson(model)).digest("hex"),
    reluCount: reluCount(model),
    params: BigInt(parameterCount(model)),
    macs: BigInt(macCount(model)),
  };
  known.set(model, facts);
  return facts;
}

/** Classes of the data set that the literature reports at a side length: CIFAR-10, Tiny-ImageNet, ImageNet. */
const classesAt: Record<number, number> = { 32: 10, 64: 200, 224: 1000 };

/** Every model at every side length that it is made for. Counts for other numbers of classes are in a plan. */
export const listModels = (): ModelResource[] =>
  Object.values(models).flatMap(({ build, sides }) =>
    sides.map((side) => modelResource(build([side, side, 3], classesAt[side] ?? 10))),
  );

const modelResource = (model: Model): ModelResource => ({
  name: model.name,
  inputShape: tuple(inputShape(model)),
  reluCount: reluCount(model),
  reluCountWithoutStem: reluCountWithoutStem(model),
  params: parameterCount(model),
  macs: macCount(model),
  reluLayers: reluLayers(model).map(({ name, shape, units }) => ({ name, shape: tuple(shape), units })),
});

const tuple = ([height, width, channels]: Shape): [number, number, number] => [height, width, channels];
