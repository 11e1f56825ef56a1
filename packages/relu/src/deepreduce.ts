/**
 * DeepReDuce's choice of layers (Jha et al., ICML 2021; method.md §9): stages are ranked by what their ReLUs alone are
 * worth, the least critical are culled, and those that stay may be thinned. It knows few counts; reshaping is left out.
 */

import type { Model, ReluLayer } from "./models/model.ts";
import { reluLayers } from "./models/model.ts";
import { sum } from "./numbers.ts";

/** ReLU layers that are kept or culled together, as indices into the network's. */
export interface ReluStage {
  name: string;
  layers: readonly number[];
  units: number;
}

/** The block groups of a network, and each ReLU that stands outside them (stem, WRN's last) as a stage of its own. */
export function reluStages(model: Model): ReluStage[] {
  const stages = new Map<string, number[]>();
  const layers = reluLayers(model);
  let group = 0;
  for (const { name } of model.nodes) {
    const layer = layers.findIndex((candidate) => candidate.name === name);
    const stage = name.includes(".") ? `group ${group + 1}` : name;
    if (layer >= 0) stages.set(stage, [...(stages.get(stage) ?? []), layer]);
    if (name === model.groups[group] && group + 1 < model.groups.length) group++;
  }
  return [...stages].map(([name, members]) => ({
    name,
    layers: members,
    units: sum(members.map((layer) => (layers[layer] as ReluLayer).units)),
  }));
}

/** Accuracy that a stage's ReLUs alone add to a network without any, for their number. @param exponent 0.07 in the paper */
export const criticality = (gain: number, units: number, exponent: number): number => gain / units ** exponent;

export interface Reduction {
  /** Kept stages, most critical first. */
  stages: readonly ReluStage[];
  thinned: boolean;
  /** Indices of the ReLU layers that stay whole. */
  layers: readonly number[];
  reluCount: number;
}

/**
 * The reduction with the most ReLUs within the budget, the smallest one where none is: the k most critical stages for some
 * k, whole or thinned to the ReLUs that a block's second convolution feeds.
 */
export function reduceTo(model: Model, ranked: readonly ReluStage[], budget: number): Reduction {
  const all = reluLayers(model);
  const candidates = ranked.flatMap((_, index) =>
    [false, true].map((thinned) => reduction(all, ranked.slice(0, index + 1), thinned)),
  );
  const within = candidates.filter(({ reluCount }) => reluCount <= budget);
  const larger = (best: Reduction, next: Reduction) => (next.reluCount > best.reluCount ? next : best);
  const smaller = (best: Reduction, next: Reduction) => (next.reluCount < best.reluCount ? next : best);
  return within.length > 0 ? within.reduce(larger) : candidates.reduce(smaller);
}

function reduction(all: readonly ReluLayer[], stages: readonly ReluStage[], thinned: boolean): Reduction {
  const layers = stages
    .flatMap((stage) => stage.layers)
    .filter((layer) => !thinned || survivesThinning(all[layer] as ReluLayer));
  const reluCount = sum(layers.map((layer) => (all[layer] as ReluLayer).units));
  return { stages, thinned, layers, reluCount };
}

/** Whether a ReLU is outside blocks of numbered convolutions, or fed by such a block's second one. */
const survivesThinning = ({ fedBy }: ReluLayer): boolean => !/\.conv\d$/.test(fedBy) || fedBy.endsWith(".conv2");
