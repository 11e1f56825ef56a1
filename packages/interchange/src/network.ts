import { type Mask, type Model, models, reluCount, reluLayers, totalOf } from "@reluctant/relu";
import {
  decodeSafetensors,
  masksFromTensors,
  requireWeights,
  type SafetensorsFile,
  type Tensors,
  under,
  weightShapes,
} from "@reluctant/stages";

/** A network that a stage run made: all-ReLU (`weights` artifact) or partial-ReLU (`masks` artifact). */
export interface Network {
  model: Model;
  weights: Tensors;
  /** One [h, w, c] mask for each ReLU layer, in the model's order; null where every ReLU is kept. */
  masks: readonly Mask[] | null;
  /** ReLU units kept. */
  reluCount: number;
}

/**
 * Reads a `weights` or `masks` artifact. The file names its model and the images' side; classes follow from the last layer.
 * Where earlier versions wrote no side, it is that of the masks, or the smallest that the weights fit.
 * @throws Error naming what is missing or does not fit
 */
export function readNetwork(bytes: Uint8Array): Network {
  const file = decodeSafetensors(bytes);
  const model = modelOf(file);
  requireNothingElse(file, model);
  const masks = hasMasks(file) ? masksFromTensors(file.tensors, model) : null;
  return {
    model,
    weights: requireWeights(file.tensors, model),
    masks,
    reluCount: masks ? totalOf(masks) : reluCount(model),
  };
}

function modelOf({ tensors, metadata }: SafetensorsFile): Model {
  const family = models[metadata.model ?? ""];
  if (!family) throw new Error(`the file's metadata names no known model, but "${metadata.model}"`);
  const dense = [...tensors].find(([name, { shape }]) => name.endsWith(".weight") && shape.length === 2);
  const classes = dense?.[1].shape[0];
  if (!classes) throw new Error("the file has no dense layer, so its classes cannot be counted");
  const packed = under("mask", tensors);
  const fits = (model: Model) =>
    packed.size === 0 ||
    reluLayers(model).every(({ name, units }) => packed.get(name)?.values.length === Math.ceil(units / 8));
  const faults: unknown[] = [];
  for (const side of metadata.side === undefined ? family.sides : [Number(metadata.side)]) {
    const model = family.build([side, side, 3], classes);
    try {
      requireWeights(tensors, model);
      if (fits(model)) return model;
    } catch (error) {
      faults.push(error);
    }
  }
  throw faults[0] ?? new Error(`the masks fit ${metadata.model} at none of the sides ${family.sides.join(", ")}`);
}

/** Tensors beyond weights and masks mean that the network computes something that an export would leave out. */
function requireNothingElse({ tensors }: SafetensorsFile, model: Model): void {
  const weights = weightShapes(model);
  const other = [...tensors.keys()].find((name) => !weights.has(name) && !name.startsWith("mask."));
  if (other) throw new Error(`the network has "${other}", which is neither a weight of ${model.name} nor a mask`);
}

const hasMasks = ({ tensors }: SafetensorsFile): boolean => under("mask", tensors).size > 0;

/** [h, w, c] → [c, h, w], as numbers. */
export function toChannelsFirst(mask: Mask, channels: number): Float32Array {
  const positions = mask.length / channels;
  return Float32Array.from(
    { length: mask.length },
    (_, i) => mask[(i % positions) * channels + Math.floor(i / positions)] as number,
  );
}
