import type { Mask, Model } from "@reluctant/relu";
import { type ContextOf, inputOf, modelOf } from "./context.ts";
import type { Network, Objective } from "./engine.ts";
import { badInput } from "./failure.ts";
import { decodeStudent } from "./masks.ts";
import { decodeWeights } from "./weights.ts";

export interface Distillers {
  model: Model;
  masks: readonly Mask[];
  teacher: Network;
  /** With the search's weights and masks. */
  student: Network;
  objective: Objective;
}

/** What every distillation trains: the search's student, to do as the all-ReLU teacher does (PAPER §5). */
export function distillers(context: ContextOf<"distillation">): Distillers {
  const { engine, data, params } = context;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const start = badInput("input student", () => decodeStudent(inputOf(context, "student"), model));
  const teacher = engine.network({ model, weights, normalization: data });
  const student = engine.network({ model, weights: start.weights, normalization: data });
  student.setMasks(start.masks);
  const { distillWeight, temperature, pram, pramWeight } = params.settings;
  const objective: Objective = {
    crossEntropy: 1 - distillWeight,
    divergence: { weight: distillWeight, temperature },
    pram: pram === "off" ? undefined : { form: pram, weight: pramWeight },
  };
  return { model, masks: start.masks, teacher, student, objective };
}
