import { type Model, type ReluLayer, reluLayers } from "@reluctant/relu";
import type { HostTensor, Tensors } from "@reluctant/stages";
import { naturally } from "../naming.ts";
import { inOrder } from "./by-layer.ts";
import { type FoundRelus, type Keeping, masksOf } from "./kept.ts";

/** The setting `--threshold` of AutoReP's published runs; no file holds it. */
const published = 0.003;

/**
 * AutoReP's indicators and scores, `alpha_mask_I_0` and `alpha_aux_I_0` [c, h, w], numbered in the order of the layers.
 * Before it computes, an indicator falls whose score is at most −threshold, and rises whose score is above it. Coefficient K
 * of a layer's polynomial is `poly_para_I_K` [1, c, 1, 1]; that of x² is multiplied by a setting that no file holds.
 */
export function readIndicators(tensors: Tensors, model: Model, keeping: Keeping): FoundRelus {
  const { threshold: hysteresis = published, ...rest } = keeping;
  if (hysteresis < 0) throw new Error(`--threshold ${hysteresis}: that of AutoReP's indicators is 0 or more`);
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
    masks: masksOf(moved, rest),
    polynomials: polynomialsOf(layers, numbered("poly_para_"), keeping.squareScale),
    hysteresis,
  };
}

function polynomialsOf(
  layers: readonly ReluLayer[],
  coefficients: readonly [string, HostTensor][],
  squareScale: number | undefined,
): Map<string, Float32Array> {
  if (coefficients.length === 0) return new Map();
  if (coefficients.length === 2 * layers.length)
    throw new Error(
      "the file has AutoReP's polynomials of degree 1, and only those of degree 2 are read; train it with --degree 2",
    );
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
