import { type Mask, type Model, type ReluLayer, reluLayers } from "@reluctant/relu";
import { type ContextOf, inputOf, modelOf } from "../../context.ts";
import type { Network, Objective, Trainer } from "../../engine.ts";
import { badInput } from "../../failure.ts";
import { decodeStudent, type Student } from "../../masks.ts";
import { floatsOf, type HostTensor, type Tensors, under } from "../../tensors.ts";
import { decodeWeights } from "../../weights.ts";

/** What every search starts from: the AR model twice, once as the teacher that never changes (method.md §4). */
export interface SearchSetup {
  model: Model;
  layers: readonly ReluLayer[];
  teacher: Network;
  student: Network;
  /** Which units the search begins with: all, or those of the network that it goes on from, which is the student then. */
  start: readonly Mask[];
  /** Cross-entropy and softened logits, by the mask search's settings. */
  objective: Objective;
}

export function searchSetup(context: ContextOf<"mask-search">): SearchSetup {
  const { engine, data, params } = context;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const { distillWeight, temperature } = params.settings;
  const layers = reluLayers(model);
  const start = startOf(context, model);
  return {
    model,
    layers,
    start: start?.masks ?? layers.map(({ units }) => new Uint8Array(units).fill(1)),
    teacher: engine.network({ model, weights, normalization: data }),
    student: engine.network({ model, weights: start?.weights ?? weights, normalization: data }),
    objective: { crossEntropy: 1 - distillWeight, divergence: { weight: distillWeight, temperature } },
  };
}

/** The partial-ReLU network that a search goes on from; null where it begins at the AR model. */
const startOf = ({ inputs }: ContextOf<"mask-search">, model: Model): Student | null =>
  badInput("input start", () => {
    const student = inputs.start ? decodeStudent(inputs.start, model) : null;
    if (student && student.polynomials.size > 0)
      throw new Error("its removed units compute polynomials, and a search leaves the identity in their place");
    return student;
  });

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
