import { type Mask, type Model, type ReluLayer, reluLayers, unpackBits } from "@reluctant/relu";
import type { HostTensor, Tensors } from "@reluctant/stages";
import { naturally, ourName } from "../naming.ts";
import { isShapeOf, type Keeping, masksOf, type Scores, scoresOf } from "./kept.ts";

/** What a file says of a network's ReLUs: masks in the order of the layers, and what removed units compute where that is no identity. */
export interface FoundRelus {
  masks: readonly Mask[];
  /** [3, c] by layer. */
  polynomials: ReadonlyMap<string, Float32Array>;
}

/** How a code line names what it has beside weights. */
interface Convention {
  /** Its tensors. */
  pattern: RegExp;
  read(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus;
}

/** The first that has a tensor in the file reads it. */
const conventions: readonly Convention[] = [
  { pattern: /^(mask|polynomial)\./, read: readArtifact },
  { pattern: /(^|\.)(mask|polynomial)$/, read: readNamed },
  { pattern: /(^|\.)alphas$/, read: readSlopes },
  { pattern: /(^|\.)(alpha_mask|alpha_aux|poly_para)_\d+_\d+$/, read: readIndicators },
];

/** Whether a tensor belongs to a ReLU, by its name. */
export const isOfRelu = (name: string): boolean => conventions.some(({ pattern }) => pattern.test(name));

/**
 * The ReLUs of a file that has any beside its weights; null for an all-ReLU network.
 * @param tensors their names without wrapper
 * @throws Error naming the tensor, layer or flag
 */
export function findRelus(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus | null {
  const own = conventions.find(({ pattern }) => [...tensors.keys()].some((name) => pattern.test(name)));
  if (!own) return null;
  return own.read(new Map([...tensors].filter(([name]) => isOfRelu(name))), model, keeping);
}

/**
 * The masks of a file that has nothing else, whatever its tensors are called: by the names of the layers, else one for each
 * layer in the order in which they are computed.
 * @throws Error that says which layers have none
 */
export function readMasks(
  tensors: Tensors,
  model: Model,
  keeping: Keeping,
  { isOrdered }: { isOrdered: boolean },
): FoundRelus {
  const known = findRelus(tensors, model, keeping);
  if (known) return known;
  const layers = reluLayers(model);
  const named = new Map([...tensors].map(([name, tensor]) => [layerName(name, model), { name, tensor }]));
  const isNamed = layers.some(({ name }) => named.has(name));
  const ordered = isOrdered ? [...tensors] : [...tensors].sort(([a], [b]) => naturally(a, b));
  const scores = isNamed ? byName(layers, named, model) : inOrder(layers, ordered, model);
  return { masks: masksOf(scores, keeping), polynomials: new Map() };
}

/** Of a tensor that is called as the layer, within wrappers and with a last part that says what it is. */
const layerName = (name: string, model: Model): string =>
  ourName(name.replace(/^((module|_orig_mod)\.)+/, "").replace(/\.(mask|alphas?|weight)$/, ""), model.name);

type Named = ReadonlyMap<string, { name: string; tensor: HostTensor }>;

function byName(layers: readonly ReluLayer[], named: Named, model: Model): Scores[] {
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

function inOrder(
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

/** Our `masks` artifact: packed bits in (h, w, c) order. */
function readArtifact(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus {
  const layers = reluLayers(model);
  const bits = layers.map((layer): Scores => {
    const name = `mask.${layer.name}`;
    const packed = tensors.get(name)?.values;
    if (packed instanceof Uint8Array && packed.length === Math.ceil(layer.units / 8))
      return { layer, name, values: Float32Array.from(unpackBits(packed, layer.units)) };
    throw new Error(`tensor "${name}" of ${model.name} is missing, or not of ${layer.units} bits`);
  });
  return {
    masks: masksOf(bits, keeping),
    polynomials: polynomialsOf(tensors, layers, (name) => `polynomial.${name}`),
  };
}

/** Our export for PyTorch. */
function readNamed(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus {
  const layers = reluLayers(model);
  const named = new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.endsWith("mask") ? [[layerName(name, model), { name, tensor }]] : [],
    ),
  );
  return {
    masks: masksOf(byName(layers, named, model), keeping),
    polynomials: polynomialsOf(tensors, layers, (name) => `${name}.polynomial`),
  };
}

function polynomialsOf(tensors: Tensors, layers: readonly ReluLayer[], nameOf: (layer: string) => string) {
  return new Map(
    layers.flatMap(({ name, shape }): [string, Float32Array][] => {
      const tensor = tensors.get(nameOf(name));
      if (!tensor) return [];
      if (tensor.shape.join() === `3,${shape[2]}` && tensor.values instanceof Float32Array)
        return [[name, tensor.values]];
      throw new Error(`tensor "${nameOf(name)}" has shape [${tensor.shape}]; needs [3,${shape[2]}]`);
    }),
  );
}

/**
 * SNL's slopes, `layer1.0.alpha1.alphas` [1, c, h, w]. Its networks have no ReLU behind the stem, and no last one where they
 * are wide: layers without slopes keep none.
 */
function readSlopes(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus {
  const layers = reluLayers(model);
  const named = new Map(
    [...tensors].map(([name, tensor]) => {
      const layer = ourName(name.replace(/\.?alphas$/, "").replace(/alpha(\d?)$/, "relu$1"), model.name);
      return [layer, { name, tensor }];
    }),
  );
  const present = layers.filter(({ name }) => named.has(name));
  const masks = new Map(
    masksOf(byName(present, named, model), keeping).map((mask, place) => [present[place]?.name, mask]),
  );
  return { masks: layers.map(({ name, units }) => masks.get(name) ?? new Uint8Array(units)), polynomials: new Map() };
}

/** What AutoReP's indicators take to fall or rise. */
const hysteresis = 0.003;

/**
 * AutoReP's indicators and scores, `alpha_mask_I_0` and `alpha_aux_I_0` [c, h, w], numbered in the order of the layers.
 * Before it computes, an indicator falls whose score is below −0.003, and rises whose score is above it. Coefficient K of a
 * layer's polynomial is `poly_para_I_K` [1, c, 1, 1]; that of x² is multiplied by a setting that no file holds.
 */
function readIndicators(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus {
  const layers = reluLayers(model);
  const numbered = (part: string) =>
    [...tensors].filter(([name]) => name.includes(part)).sort(([a], [b]) => naturally(a, b));
  const [indicators, scores] = [
    inOrder(layers, numbered("alpha_mask_"), model),
    inOrder(layers, numbered("alpha_aux_"), model),
  ];
  const moved = indicators.map(({ values, ...indicator }, layer) => ({
    ...indicator,
    values: values.map((value, unit) => {
      const score = scores[layer]?.values[unit] as number;
      return score > (value > 0 ? -hysteresis : hysteresis) ? 1 : 0;
    }),
  }));
  return {
    masks: masksOf(moved, keeping),
    polynomials: autoRepPolynomials(layers, numbered("poly_para_"), keeping.squareScale),
  };
}

function autoRepPolynomials(
  layers: readonly ReluLayer[],
  coefficients: readonly [string, HostTensor][],
  squareScale: number | undefined,
): Map<string, Float32Array> {
  if (coefficients.length === 0) return new Map();
  if (squareScale === undefined)
    throw new Error(
      "the file has AutoReP's polynomials, but not the scale_x2 that they were trained with; add --scale-x2 N",
    );
  if (coefficients.length !== 3 * layers.length)
    throw new Error(
      `the file has ${coefficients.length} coefficients of polynomials; ${layers.length} layers need 3 each`,
    );
  return new Map(
    layers.map(({ name, shape: [, , channels] }, layer) => {
      const own = coefficients.slice(3 * layer, 3 * layer + 3);
      const odd = own.find(([, { values }]) => values.length !== channels);
      if (odd)
        throw new Error(`tensor "${odd[0]}" has ${odd[1].values.length} values; ${name} has ${channels} channels`);
      const values = own.flatMap(([, { values }], power) =>
        Array.from(values, (c) => (power === 2 ? squareScale * c : c)),
      );
      return [name, Float32Array.from(values)];
    }),
  );
}
