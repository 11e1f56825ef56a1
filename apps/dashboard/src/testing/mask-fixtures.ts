import type { LayerAllocation, MaskMaps, ResultOf } from "@reluctant/contracts";
import { type Model, models, reluLayers } from "@reluctant/relu";

/** What a search of ResNet-20 at 32 pixels could have found: later layers matter more, and each keeps its middle. */

const layers = reluLayers(models.resnet20?.build([32, 32, 3], 10) as Model).map((layer, l, { length }) => ({
  ...layer,
  weight: 0.4 + ((l * 7) % length) / length + l / length,
}));
const total = layers.reduce((sum, { weight }) => sum + weight, 0);

export const sensitivities: ResultOf<"sensitivity">["layers"] = layers.map(({ name, weight }) => ({
  layer: name,
  density: 0.1,
  sensitivity: weight / total,
}));

/** The first layer's share follows from what the others leave. */
function allocate(budget: number) {
  const rounded = layers.map((layer) => ({
    ...layer,
    kept: Math.min(layer.units, Math.floor((budget * layer.weight) / total)),
  }));
  const missing = budget - rounded.reduce((sum, { kept }) => sum + kept, 0);
  return rounded.map((layer, l) => (l === 0 ? { ...layer, kept: layer.kept + missing } : layer));
}

export const allocationOf = (budget: number): LayerAllocation[] =>
  allocate(budget).map(({ name, units, kept }) => ({ layer: name, size: units, kept }));

export const historyOf = (updates: number): ResultOf<"mask-search">["history"] =>
  Array.from({ length: updates }, (_, i) => {
    const overlap = layers.map((__, l) => 1 - 0.7 * Math.exp(-(i + 1) / (3 + (l % 5))));
    const distance = overlap.reduce((sum, share) => sum + 1 - share, 0) / layers.length;
    return { step: 39 * (i + 1), distance, overlap };
  });

/** Channels kept fall with the distance from the middle, and the counts are the allocation's to a channel a place. */
export function maskMapsOf(budget: number): MaskMaps {
  const maps = allocate(budget).map(({ name, shape: [height, width, channels], kept }) => {
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
    return { layer: name, shape: [height, width, channels] as [number, number, number], kept: drawn, channelsKept };
  });
  return { model: "resnet20", reluCount: maps.reduce((sum, { kept }) => sum + kept, 0), layers: maps };
}
