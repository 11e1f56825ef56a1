import { type Model, type ReluLayer, reluLayers } from "@reluctant/relu";
import type { HostTensor, Tensors } from "@reluctant/stages";
import { ourName } from "../naming.ts";
import { isShapeOf, type Scores, scoresOf } from "./kept.ts";

/** The ReLU layer that a tensor is called as, beside a first or last part that says what it is. */
export function layerName(name: string, model: Model): string {
  const layer = name.replace(/^(mask|polynomial)\./, "").replace(/\.(mask|polynomial|alphas?|weight)$/, "");
  return ourName(layer.replace(/alpha(\d?)$/, "relu$1"), model.name); // as SNL calls its layers
}

/**
 * Tensors of ReLUs without what wraps all of their names, as `module.` does: the fewest first parts behind which one is
 * called as a layer. The names of those that are none of any layer stay.
 */
export function unwrapped(tensors: Tensors, model: Model): Tensors {
  const layers = new Set(reluLayers(model).map(({ name }) => name));
  const names = [...tensors.keys()];
  const parts = (names[0] ?? "").split(".");
  const wrappers = parts.map((_, depth) =>
    parts
      .slice(0, depth)
      .map((part) => `${part}.`)
      .join(""),
  );
  const wrapper = wrappers
    .filter((each) => names.every((name) => name.startsWith(each)))
    .find((each) => names.some((name) => layers.has(layerName(name.slice(each.length), model))));
  return new Map([...tensors].map(([name, tensor]) => [name.slice(wrapper?.length), tensor]));
}

/** @throws Error naming the layer without scores, or the tensor that is of none */
export function byName(layers: readonly ReluLayer[], tensors: Tensors, model: Model): Scores[] {
  const named = new Map([...tensors].map(([name, tensor]) => [layerName(name, model), { name, tensor }]));
  const stranger = [...named.keys()].find((name) => !layers.some((layer) => layer.name === name));
  if (stranger !== undefined)
    throw new Error(`mask "${named.get(stranger)?.name}" is of no ReLU layer of ${model.name}`);
  return layers.map((layer) => {
    const found = named.get(layer.name);
    if (!found)
      throw new Error(`there is no mask of ReLU layer ${layer.name}; ${model.name} has ${layers.length} of them`);
    return scoresOf(layer, found.name, found.tensor);
  });
}

/** One tensor for each layer, in the order in which the layers are computed. @throws Error naming the first that is not so */
export function inOrder(
  layers: readonly ReluLayer[],
  tensors: readonly (readonly [string, HostTensor])[],
  model: Model,
): Scores[] {
  if (tensors.length !== layers.length)
    throw new Error(
      `the file has ${tensors.length} masks, none named as a ReLU layer; ${model.name} has ${layers.length}, the first of them ${layers[0]?.name}`,
    );
  const at = layers.findIndex((layer, place) => !isShapeOf(layer, tensors[place]?.[1].shape ?? []));
  const [name, tensor] = tensors[at] ?? [];
  if (tensor)
    throw new Error(
      `mask ${at + 1}, "${name}", has shape [${tensor.shape}], and ReLU layer ${at + 1} of ${model.name}, ${layers[at]?.name}, another; name the masks as the layers`,
    );
  return layers.map((layer, place) => scoresOf(layer, ...(tensors[place] as [string, HostTensor])));
}
