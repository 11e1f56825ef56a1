import type { LayerAllocation, MaskMaps, ResultOf } from "@reluctant/contracts";
import { type Model, models, reluLayers } from "@reluctant/relu";

/** What a search of ResNet-20 at 32 pixels could have found: later layers matter more, and each keeps its middle. */

const layers = reluLayers(models.resnet20?.build([32, 32, 3], 10) as Model);
const weights = layers.map((_, l) => 0.4 + ((l * 7) % layers.length) / layers.length + l / layers.length);
const total = weights.reduce((sum, weight) => sum + weight, 0);

export const sensitivities: ResultOf<"sensitivity">["layers"] = layers.map(({ name }, l) => ({
  layer: name,
  density: 0.1,
  sensitivity: weights[l]! / total,
}));

/** The first layer's share follows from what the others leave. */
export function allocationOf(budget: number): LayerAllocation[] {
  const kept = layers.map(({ units }, l) => Math.min(units, Math.floor((budget * weights[l]!) / total)));
  const missing = budget - kept.reduce((sum, one) => sum + one, 0);
  return layers.map(({ name, units }, l) => ({ layer: name, size: units, kept: kept[l]! + (l === 0 ? missing : 0) }));
}

export const historyOf = (updates: number): ResultOf<"mask-search">["history"] =>
  Array.from({ length: updates }, (_, i) => {
    const overlap = layers.map((__, l) => 1 - 0.7 * Math.exp(-(i + 1) / (3 + (l % 5))));
    const distance = overlap.reduce((sum, share) => sum + 1 - share, 0) / layers.length;
    return { step: 39 * (i + 1), distance, overlap };
  });

/** Channels kept fall with the distance from the middle, and the counts are the allocation's to a channel a place. */
export function maskMapsOf(budget: number): MaskMaps {
  const maps = allocationOf(budget).map(({ layer, kept }, l) => {
    const [height, width, channels] = layers[l]!.shape;
    const near = Array.from({ length: height * width }, (_, place) => {
      const [y, x] = [Math.floor(place / width) - (height - 1) / 2, (place % width) - (width - 1) / 2];
      return 1.2 + Math.cos((3 * Math.hypot(x, y)) / width) + 0.3 * Math.sin(place * 12.9898);
    });
    const sum = near.reduce((all, one) => all + one, 0);
    let owed = 0; // what rounding down leaves is the next place's
    const channelsKept = near.map((one) => {
      owed += (kept * one) / sum;
      const here = Math.min(channels, Math.floor(owed));
      owed -= here;
      return here;
    });
    const drawn = channelsKept.reduce((all, one) => all + one, 0);
    return { layer, shape: [height, width, channels] as [number, number, number], kept: drawn, channelsKept };
  });
  return { model: "resnet20", reluCount: maps.reduce((sum, { kept }) => sum + kept, 0), layers: maps };
}
