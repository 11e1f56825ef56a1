import { type Model, reluLayers, unpackBits } from "@reluctant/relu";
import type { Tensors } from "@reluctant/stages";
import { naturally } from "../naming.ts";
import { readIndicators } from "./auto-rep.ts";
import { byName, inOrder, layerName, unwrapped } from "./by-layer.ts";
import { type FoundRelus, type Keeping, masksOf, type Scores } from "./kept.ts";

/** How a code line names what it has beside weights. */
interface Convention {
  /** Its tensors. */
  pattern: RegExp;
  /** What it keeps beside them of its training, and computes nothing with. */
  unused?: RegExp;
  read(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus;
}

/** The first that has a tensor in the file reads it. */
const conventions: readonly Convention[] = [
  { pattern: /^(mask|polynomial)\./, read: readArtifact },
  { pattern: /(^|\.)(mask|polynomial)$/, read: readNamed },
  { pattern: /(^|\.)alphas$/, read: readSlopes },
  {
    pattern: /(^|\.)(alpha_mask|alpha_aux|poly_para)_\d+_\d+$/,
    unused: /(^|\.)(bn_\d+\.running_(mean|var)|itr_cnt)$/,
    read: readIndicators,
  },
];

const isOfRelu = (name: string): boolean => conventions.some(({ pattern }) => pattern.test(name));

const conventionOf = (tensors: Tensors): Convention | undefined =>
  conventions.find(({ pattern }) => [...tensors.keys()].some((name) => pattern.test(name)));

/**
 * A file's weights, and what belongs to its ReLUs. What a code line only trains with is neither.
 * @param tensors their names without wrapper
 */
export function parted(tensors: Tensors): { weights: Tensors; relus: Tensors } {
  const unused = conventionOf(tensors)?.unused;
  const used = [...tensors].filter(([name]) => !unused?.test(name));
  return {
    weights: new Map(used.filter(([name]) => !isOfRelu(name))),
    relus: new Map(used.filter(([name]) => isOfRelu(name))),
  };
}

/**
 * The ReLUs of a file that has any beside its weights; null for an all-ReLU network.
 * @param tensors their names without wrapper
 * @throws Error naming the tensor, layer or flag
 */
export function findRelus(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus | null {
  return conventionOf(tensors)?.read(parted(tensors).relus, model, keeping) ?? null;
}

/**
 * The masks of a file that is there for them, whatever its tensors are called: by the names of the layers, within wrappers
 * or not, else one for each layer in the order in which they are computed.
 * @throws Error that says which layers have none
 */
export function readMasks(
  file: Tensors,
  model: Model,
  keeping: Keeping,
  { isOrdered }: { isOrdered: boolean },
): FoundRelus {
  const tensors = unwrapped(file, model);
  const known = findRelus(tensors, model, keeping);
  if (known) return known;
  const layers = reluLayers(model);
  const names = new Set([...tensors.keys()].map((name) => layerName(name, model)));
  const isNamed = layers.some(({ name }) => names.has(name));
  const ordered = isOrdered ? [...tensors] : [...tensors].sort(([a], [b]) => naturally(a, b));
  const scores = isNamed ? byName(layers, tensors, model) : inOrder(layers, ordered, model);
  return { masks: masksOf(scores, keeping), polynomials: new Map() };
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
  return { masks: masksOf(bits, keeping), polynomials: polynomialsOf(tensors, model) };
}

/** Our export for PyTorch. */
function readNamed(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus {
  const masks = new Map([...tensors].filter(([name]) => !isPolynomial(name)));
  const scores = byName(reluLayers(model), masks, model);
  return { masks: masksOf(scores, keeping), polynomials: polynomialsOf(tensors, model) };
}

const isPolynomial = (name: string): boolean => /^polynomial\.|(^|\.)polynomial$/.test(name);

/** What removed units compute, as our own files have it. */
function polynomialsOf(tensors: Tensors, model: Model): Map<string, Float32Array> {
  const layers = new Map(reluLayers(model).map((layer) => [layer.name, layer]));
  const own = [...tensors].filter(([name]) => isPolynomial(name));
  return new Map(
    own.map(([name, { shape, values }]): [string, Float32Array] => {
      const layer = layers.get(layerName(name, model));
      if (!layer) throw new Error(`polynomial "${name}" is of no ReLU layer of ${model.name}`);
      if (shape.join() === `3,${layer.shape[2]}` && values instanceof Float32Array) return [layer.name, values];
      throw new Error(`tensor "${name}" has shape [${shape}]; needs [3,${layer.shape[2]}]`);
    }),
  );
}

/**
 * SNL's slopes, `layer1.0.alpha1.alphas` [1, c, h, w]. Its networks have no ReLU behind the stem, and no last one where they
 * are wide: layers without slopes keep none.
 */
function readSlopes(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus {
  const layers = reluLayers(model);
  const named = new Set([...tensors.keys()].map((name) => layerName(name, model)));
  const present = layers.filter(({ name }) => named.has(name));
  const masks = new Map(
    masksOf(byName(present, tensors, model), keeping).map((mask, place) => [present[place]?.name, mask]),
  );
  return { masks: layers.map(({ name, units }) => masks.get(name) ?? new Uint8Array(units)), polynomials: new Map() };
}
