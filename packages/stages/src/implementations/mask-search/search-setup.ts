import { type Model, type ReluLayer, reluLayers } from "@reluctant/relu";
import { type ContextOf, inputOf, modelOf } from "../../context.ts";
import type { Network, Objective, Trainer } from "../../engine.ts";
import { badInput } from "../../failure.ts";
import { floatsOf, type HostTensor, type Tensors, under } from "../../tensors.ts";
import { decodeWeights } from "../../weights.ts";

/** What every search starts from: the AR model twice, once as the teacher that never changes (method.md §4). */
export interface SearchSetup {
  model: Model;
  layers: readonly ReluLayer[];
  teacher: Network;
  student: Network;
  /** Cross-entropy and softened logits, by the mask search's settings. */
  objective: Objective;
}

export function searchSetup(context: ContextOf<"mask-search">): SearchSetup {
  const { engine, data, params } = context;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const { distillWeight, temperature } = params.settings;
  return {
    model,
    layers: reluLayers(model),
    teacher: engine.network({ model, weights, normalization: data }),
    student: engine.network({ model, weights, normalization: data }),
    objective: { crossEntropy: 1 - distillWeight, divergence: { weight: distillWeight, temperature } },
  };
}

/** SGD by the mask search's settings, which sums its score up, if it has one. */
export function scoringTrainer(
  { engine, params: { settings } }: ContextOf<"mask-search">,
  { student, teacher, objective }: SearchSetup,
): Trainer {
  const { score } = settings;
  return engine.trainer({ ...settings, student, teacher, objective, score: score === "random" ? undefined : score });
}

export const scoreTensors = (scores: readonly Float32Array[]): Map<string, HostTensor> =>
  new Map(scores.map((values, layer) => [`score.${layer}`, { shape: [values.length], values }]));

export function scoresFromTensors(tensors: Tensors): Float32Array[] {
  const scores = under("score", tensors);
  return Array.from({ length: scores.size }, (_, layer) => floatsOf(scores, String(layer)));
}

/** What the activations learn at, as a multiple of the weights' rate: more than 1 only where a run is too short. */
export const activationRate = (
  { learningRate, leastTravel }: { learningRate: number; leastTravel: number },
  steps: number,
): number => Math.max(1, leastTravel / (learningRate * steps));
