import type { Model } from "@reluctant/relu";
import { activationsOf, type PartialRelus } from "../../activation.ts";
import { type ContextOf, inputOf, modelOf } from "../../context.ts";
import type { Network, Objective } from "../../engine.ts";
import { badInput } from "../../failure.ts";
import { decodeStudent } from "../../masks.ts";
import { decodeWeights } from "../../weights.ts";

export interface DistillationSetup extends PartialRelus {
  model: Model;
  teacher: Network;
  /** With the search's weights, masks and polynomials. */
  student: Network;
  objective: Objective;
}

/** What every distillation trains: the search's student, to do as the all-ReLU teacher does (method.md §5). */
export function distillationSetup(context: ContextOf<"distillation">): DistillationSetup {
  const { engine, data, params } = context;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const start = badInput("input student", () => decodeStudent(inputOf(context, "student"), model));
  const teacher = engine.network({ model, weights, normalization: data });
  const student = engine.network({ model, weights: start.weights, normalization: data });
  student.setActivations(activationsOf(model, start));
  const { distillWeight, temperature, pram, pramWeight } = params.settings;
  const objective: Objective = {
    crossEntropy: 1 - distillWeight,
    divergence: { weight: distillWeight, temperature },
    pram: pram === "off" ? undefined : { form: pram, weight: pramWeight },
  };
  return { model, masks: start.masks, polynomials: start.polynomials, teacher, student, objective };
}
