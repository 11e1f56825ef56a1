/** What a student's ReLU layers may compute, as the engine is told it and as float64 computes it. */

import { type Model, reluLayers } from "@reluctant/relu";
import type { Activation, HostTensor, Network } from "@reluctant/stages";
import { maskedRelus } from "@reluctant/stages";
import { noise } from "./numbers.ts";
import type { Numbers, ReferenceActivation } from "./reference-nodes.ts";
import { unitValues } from "./subject.ts";

/** Gives a network its activations, and says what they compute. */
export interface Chosen {
  use(network: Network): void;
  reference(): ReferenceActivation[];
  /** Gradients of trainable activations, from those of their shares. */
  gradients?: (ofShare: Numbers, layer: number) => [part: string, values: Numbers];
}

const unitThirds = () => (unit: number) => unit % 3 && 1;

export function masked(
  model: Model,
  bitOf: (layer: { shape: readonly number[] & { 2: number } }) => (unit: number) => number = unitThirds,
): Chosen {
  const masks = reluLayers(model).map((layer) => Uint8Array.from({ length: layer.units }, (_, u) => bitOf(layer)(u)));
  return {
    use: (network) => network.setActivations(maskedRelus(masks)),
    reference: () => masks.map((mask) => ({ share: Float32Array.from(mask, (bit) => 1 - bit) })),
  };
}

export function polynomial(model: Model): Chosen {
  const activations = reluLayers(model).map(({ units, shape: [, , channels] }, layer) => ({
    kind: "polynomial" as const,
    share: noise(units, layer),
    coefficients: noise(3 * channels, layer).map((value) => value - 0.3),
  }));
  return { use: (network) => network.setActivations(activations), reference: () => activations };
}

export function softMask(model: Model): Chosen {
  const slopes = unitValues(model, 0.1, 0.9);
  return {
    use(network) {
      network.setActivations(slopes.map(() => ({ kind: "soft-mask" })));
      network.loadActivations(
        new Map(
          reluLayers(model).map(({ name, shape }, layer) => [
            `${name}.slope`,
            { shape, values: slopes[layer] as Float32Array },
          ]),
        ),
      );
    },
    reference: () => slopes.map((slope) => ({ share: slope.map((c) => 1 - c) })),
    gradients: (ofShare) => ["slope", ofShare.map((slope) => -slope)],
  };
}

export function scoredMask(model: Model): Chosen {
  const scores = unitValues(model, -1, 1);
  // None is kept in the first layer, which a pool reads: of a window of zeros backends choose different ones.
  const layers = reluLayers(model);
  const state = new Map<string, HostTensor>(
    layers.flatMap(({ name, shape }, layer) => {
      const [, , channels] = shape;
      const own: [string, HostTensor][] = [
        ["score", { shape, values: scores[layer] as Float32Array }],
        [
          "indicator",
          { shape, values: (scores[layer] as Float32Array).map((score) => Number(layer > 0 && score > 0)) },
        ],
        ["running_mean", { shape: [channels], values: noise(channels) }],
        ["running_var", { shape: [channels], values: noise(channels).map((value) => value + 0.5) }],
        ["coefficients", { shape: [3, channels], values: noise(3 * channels, layer).map((value) => value - 0.3) }],
      ];
      return own.map(([part, tensor]) => [`${name}.${part}`, tensor] as const);
    }),
  );
  const valuesOf = (layer: number, part: string) => state.get(`${layers[layer]?.name}.${part}`)?.values as Float32Array;
  const activations: Activation[] = scores.map((own) => ({ kind: "scored-mask", scores: own, hysteresis: 0.003 }));
  return {
    use(network) {
      network.setActivations(activations);
      network.loadActivations(state);
    },
    reference: () =>
      scores.map((_, layer) => ({
        share: valuesOf(layer, "indicator").map((kept) => 1 - kept),
        coefficients: valuesOf(layer, "coefficients"),
      })),
    // The indicator passes the gradient as softplus of its score would.
    gradients: (ofShare, layer) => [
      "score",
      ofShare.map((slope, unit) => -slope / (1 + Math.exp(-(scores[layer]?.[unit] as number)))),
    ],
  };
}
