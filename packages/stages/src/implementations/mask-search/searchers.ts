import type { Model } from "@reluctant/relu";
import { type ContextOf, inputOf, modelOf } from "../../context.ts";
import type { Network, Trainer } from "../../engine.ts";
import { badInput } from "../../failure.ts";
import { floatsOf, type HostTensor, type Tensors, under } from "../../tensors.ts";
import { decodeWeights } from "../../weights.ts";

export interface Searchers {
  model: Model;
  student: Network;
  trainer: Trainer;
}

/**
 * What every mask search trains: a student that starts from the all-ReLU teacher and learns from its logits (method.md
 * §4).
 */
export function searchers(
  context: ContextOf<"mask-search">,
  { pramWeight }: { pramWeight: number } = { pramWeight: 0 },
): Searchers {
  const { engine, data } = context;
  const { settings } = context.params;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const teacher = engine.network({ model, weights, normalization: data });
  const student = engine.network({ model, weights, normalization: data });
  const { score, distillWeight, temperature } = settings;
  const trainer = engine.trainer({
    ...settings,
    student,
    teacher,
    objective: {
      crossEntropy: 1 - distillWeight,
      divergence: { weight: distillWeight, temperature },
      pram: pramWeight > 0 ? { form: "attention", weight: pramWeight } : undefined,
    },
    score: score === "random" ? undefined : score,
  });
  return { model, student, trainer };
}

export const scoreTensors = (scores: readonly Float32Array[]): Map<string, HostTensor> =>
  new Map(scores.map((values, layer) => [`score.${layer}`, { shape: [values.length], values }]));

export function scoresFromTensors(tensors: Tensors): Float32Array[] {
  const scores = under("score", tensors);
  return Array.from({ length: scores.size }, (_, layer) => floatsOf(scores, String(layer)));
}
