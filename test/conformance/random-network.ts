import { type Mask, type Model, models, narrow, randomMask, reluLayers } from "@reluctant/relu";
import { type HostTensor, weightShapes } from "@reluctant/stages";
import { noise } from "../../packages/engine/src/conformance/numbers.ts";

/** One network for each family and stem, by name and images' side. */
export const networks = [
  ["resnet8", 32],
  ["resnet18", 32],
  ["resnet18", 64],
  ["resnet34", 32],
  ["resnet50", 224],
  ["wrn22-8", 32],
  ["vgg16-bn", 32],
  ["resnet20-option-a", 32],
  ["preact-resnet18-open", 64], // of 32 pixels one ReLU's input lies so near 0 that another level's rounding turns its sign
  ["vgg16-bn-3-dense", 32],
] as const;

export const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };

export interface RandomNetwork {
  model: Model;
  weights: Map<string, HostTensor>;
  masks: Mask[];
  /** uint8 [n, side, side, 3] */
  images: Uint8Array;
}

/**
 * A network with random weights and statistics, whose layers keep all, none or half of their ReLUs in turn; n images.
 * @param width share of its channels
 */
export function randomNetwork(name: string, side: number, n: number, width = 1): RandomNetwork {
  const whole = (models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], 10);
  const model = width === 1 ? whole : narrow(whole, width);
  const masks = reluLayers(model).map(({ units }, layer) =>
    randomMask(units, [units, 0, units >> 1][layer % 3] as number, { seed: 1, layer }),
  );
  const images = Uint8Array.from(noise(n * side * side * 3), (value) => 255 * value);
  return { model, weights: randomWeights(model), masks, images };
}

/** Fits of ReLU to inputs of a spread of its own in every other layer, as AutoReP's and DELPHI's are. */
export const someQuadratics = (model: Model): Map<string, Float32Array> =>
  new Map(
    reluLayers(model).flatMap(({ name, shape: [, , channels] }, layer): [string, Float32Array][] =>
      layer % 2 === 0 ? [] : [[name, noise(3 * channels, layer).map((value) => value / 4)]],
    ),
  );

/** Filters of variance 1 / fan-in; vectors in [0.5, 1), so that no statistic is 0 or 1. */
const randomWeights = (model: Model): Map<string, HostTensor> =>
  new Map(
    [...weightShapes(model)].map(([name, shape]) => {
      const length = shape.reduce((product, extent) => product * extent, 1);
      const scale = Math.sqrt((12 * (shape[0] as number)) / length);
      const values = noise(length).map((value) => (shape.length === 1 ? 0.5 + value / 2 : (value - 0.5) * scale));
      return [name, { shape, values }];
    }),
  );
