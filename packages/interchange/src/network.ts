import { type Mask, type Model, models, reluCount, reluLayers, totalOf } from "@reluctant/relu";
import {
  decodeSafetensors,
  decodeStudent,
  decodeWeights,
  type Polynomials,
  type SafetensorsFile,
  type Tensors,
  under,
  weightShapes,
} from "@reluctant/stages";
import { builtModel, statedIn } from "./stated-network.ts";

/** A network that a stage run made: all-ReLU (`weights` artifact) or partial-ReLU (`masks` artifact). */
export interface Network {
  model: Model;
  weights: Tensors;
  /** One [h, w, c] mask for each ReLU layer, in the model's order; null where every ReLU is kept. */
  masks: readonly Mask[] | null;
  /** What removed units compute, [3, c] by layer; the identity where there is none. */
  polynomials: Polynomials;
  /** ReLU units kept. */
  reluCount: number;
}

/**
 * Reads a `weights` or `masks` artifact. The file names its model, and the width of a narrowed one; classes follow from the
 * last layer. What earlier versions wrote does not name the images' side: it is the smallest that weights and masks fit.
 * @throws Error naming what is missing or does not fit
 */
export function readNetwork(bytes: Uint8Array): Network {
  const file = decodeSafetensors(bytes);
  const model = modelOf(file);
  requireNothingElse(file, model);
  if (under("mask", file.tensors).size > 0) {
    const student = decodeStudent(bytes, model);
    return { model, ...student, reluCount: totalOf(student.masks) };
  }
  const weights = decodeWeights(bytes, model);
  return { model, weights, masks: null, polynomials: new Map(), reluCount: reluCount(model) };
}

function modelOf({ tensors, metadata }: SafetensorsFile): Model {
  const stated = statedIn(new Map(Object.entries(metadata)));
  if (!stated) throw new Error(`the file's metadata names no known model, but "${metadata.model}"`);
  const dense = [...tensors].find(([name, { shape }]) => name.endsWith(".weight") && shape.length === 2);
  const classes = dense?.[1].shape[0];
  if (!classes) throw new Error("the file has no dense layer, so its classes cannot be counted");
  const sides = stated.side === undefined ? (models[stated.model]?.sides ?? []) : [Number(stated.side)];
  const built = sides.map((side) => builtModel(stated.model, { side, classes, width: stated.width }));
  const ofWeights = built.filter((model) => fitsWeights(tensors, model));
  const candidates = ofWeights.length > 0 ? ofWeights : built; // whose reader names the weight that fits none
  const fitting = candidates.find((model) => fitsMasks(tensors, model));
  if (!fitting) throw new Error(`the masks fit ${metadata.model} at none of the sides ${sides.join(", ")}`);
  return fitting;
}

const fitsWeights = (tensors: Tensors, model: Model): boolean =>
  [...weightShapes(model)].every(([name, shape]) => tensors.get(name)?.shape.join() === shape.join());

/** Without masks any model fits. */
function fitsMasks(tensors: Tensors, model: Model): boolean {
  const packed = under("mask", tensors);
  if (packed.size === 0) return true;
  return reluLayers(model).every(({ name, units }) => packed.get(name)?.values.length === Math.ceil(units / 8));
}

/** Other tensors mean that the network computes something that an export would leave out. */
function requireNothingElse({ tensors }: SafetensorsFile, model: Model): void {
  const weights = weightShapes(model);
  const other = [...tensors.keys()].find((name) => !weights.has(name) && !/^(mask|polynomial)\./.test(name));
  if (other) throw new Error(`the network has "${other}", which is neither a weight of ${model.name} nor a mask`);
}

/** [h, w, c] → [c, h, w], as numbers. */
export function toChannelsFirst(mask: Mask, channels: number): Float32Array {
  const positions = mask.length / channels;
  return Float32Array.from(
    { length: mask.length },
    (_, i) => mask[(i % positions) * channels + Math.floor(i / positions)] as number,
  );
}
