import {
  floorsOf,
  type Mask,
  type Model,
  onesOf,
  type ReluLayer,
  reluLayers,
  removeAcrossLayers,
  removePerLayer,
} from "@reluctant/relu";
import type { ContextOf } from "../../../context.ts";
import { allocationOf } from "../allocation.ts";
import { channelCounts, channelSums, overChannels } from "../choose-masks.ts";
import type { DescentSettings } from "./settings.ts";

/** Takes units from masks until `level` ReLUs are left; those gone stay gone. */
export type Removal = (masks: readonly Mask[], scores: readonly Float32Array[], level: number) => Mask[];

/**
 * How a descent removes: within layers or across them, single units or, within layers, whole channels.
 * @param start the masks that it begins at: no layer is given more than it has there
 */
export function removal(
  context: ContextOf<"mask-search", { descent: DescentSettings }>,
  model: Model,
  start: readonly Mask[],
): Removal {
  const { descent, granularity, settings } = context.params;
  const layers = reluLayers(model);
  if (descent.ranking === "network") {
    const floors = floorsOf(
      layers.map(({ units }) => units),
      settings.allocationFloor,
    );
    return (masks, scores, total) => removeAcrossLayers(masks, { scores, total, floors });
  }
  const sizes = start.map(onesOf);
  const counts = (budget: number) => allocationOf(context, model, { budget, sizes });
  return granularity === "pixel"
    ? (masks, scores, level) => removePerLayer(masks, scores, counts(level))
    : (masks, scores, level) => removeChannels(layers, masks, scores, channelCounts(layers, counts(level)));
}

const removeChannels = (
  layers: readonly ReluLayer[],
  masks: readonly Mask[],
  scores: readonly Float32Array[],
  counts: readonly number[],
): Mask[] => {
  const channels = layers.map(({ shape }, l) => (masks[l] as Mask).slice(0, shape[2])); // all places of a channel agree
  const sums = layers.map((layer, l) => channelSums(layer, scores[l] as Float32Array));
  return removePerLayer(channels, sums, counts).map((kept, l) => overChannels(layers[l] as ReluLayer, kept));
};
