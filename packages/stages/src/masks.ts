import type { LayerAllocation } from "@reluctant/contracts";
import {
  type Mask,
  type Model,
  onesOf,
  overlapOf,
  packBits,
  type ReluLayer,
  reluLayers,
  unpackBits,
} from "@reluctant/relu";
import type { PartialRelus, Polynomial, Polynomials } from "./activation.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { floatsOf, type HostTensor, prefixed, type Tensors, under } from "./tensors.ts";
import { networkMetadata, requireSide, requireWeights } from "./weights.ts";

/** Bit patterns as uint8 tensors, eight units a byte. */
export const packPatterns = (patterns: ReadonlyMap<string, Mask>): Map<string, HostTensor> =>
  new Map(
    [...patterns].map(([name, pattern]) => {
      const values = packBits(pattern);
      return [name, { shape: [values.length], values }];
    }),
  );

/** @throws Error when a pattern is missing or has another length than `sizes` says. */
export const unpackPatterns = (tensors: Tensors, sizes: ReadonlyMap<string, number>): Map<string, Mask> =>
  new Map(
    [...sizes].map(([name, size]) => {
      const packed = tensors.get(name)?.values;
      if (!(packed instanceof Uint8Array)) throw new Error(`the packed bits of "${name}" are missing`);
      return [name, unpackBits(packed, size)];
    }),
  );

/** Masks in the order of the model's ReLU layers, as tensors `mask.<layer>`. */
export const masksToTensors = (model: Model, masks: readonly Mask[]): Map<string, HostTensor> =>
  prefixed("mask", packPatterns(new Map(reluLayers(model).map(({ name }, layer) => [name, masks[layer] as Mask]))));

export const masksFromTensors = (tensors: Tensors, model: Model): Mask[] => {
  const sizes = new Map(reluLayers(model).map(({ name, units }) => [name, units]));
  return [...unpackPatterns(under("mask", tensors), sizes).values()];
};

/** What each layer keeps of what it has. */
export const keptOf = (layers: readonly ReluLayer[], masks: readonly Mask[]): LayerAllocation[] =>
  layers.map(({ name, units }, l) => ({ layer: name, size: units, kept: onesOf(masks[l] as Mask) }));

/** Each layer's share of kept units that stayed; 1 where nothing is kept. */
export const overlapsOf = (before: readonly Mask[], after: readonly Mask[]): number[] =>
  before.map((mask, l) => {
    const kept = onesOf(mask);
    return kept === 0 ? 1 : overlapOf(mask, after[l] as Mask) / kept;
  });

/** A partial-ReLU network. */
export interface Student extends PartialRelus {
  weights: Tensors;
}

/** The `masks` artifact: a student's weights beside `mask.<layer>` for each ReLU layer, and `polynomial.<layer>` [3, c]. */
export const encodeStudent = (
  model: Model,
  weights: Tensors,
  masks: readonly Mask[],
  polynomials: Polynomials = new Map(),
): Uint8Array =>
  encodeSafetensors({
    tensors: new Map([...weights, ...masksToTensors(model, masks), ...polynomialsToTensors(polynomials)]),
    metadata: networkMetadata(model),
  });

/** @throws Error naming the tensor that is missing or not of the model's shape, or the images that it was trained on */
export function decodeStudent(file: Uint8Array, model: Model): Student {
  const { tensors, metadata } = decodeSafetensors(file);
  requireSide(metadata, model);
  return {
    weights: requireWeights(tensors, model),
    masks: masksFromTensors(tensors, model),
    polynomials: polynomialsFromTensors(tensors, model),
  };
}

const polynomialsToTensors = (polynomials: Polynomials): Map<string, HostTensor> =>
  prefixed(
    "polynomial",
    new Map([...polynomials].map(([layer, values]) => [layer, { shape: [3, values.length / 3], values }])),
  );

function polynomialsFromTensors(tensors: Tensors, model: Model): Map<string, Polynomial> {
  const channels = new Map(reluLayers(model).map(({ name, shape }) => [name, shape[2]]));
  const polynomials = under("polynomial", tensors);
  return new Map(
    [...polynomials].map(([layer, { shape }]) => {
      if (shape.join() !== `3,${channels.get(layer)}`)
        throw new Error(`tensor "polynomial.${layer}" has shape [${shape}]; needs [3,${channels.get(layer)}]`);
      return [layer, floatsOf(polynomials, layer)];
    }),
  );
}
