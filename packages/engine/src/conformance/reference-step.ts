import type { Model } from "@reluctant/relu";
import type { Batch, Objective, Tensors } from "@reluctant/stages";
import { normalized } from "./numbers.ts";
import { type ReferencePass, referencePass } from "./reference.ts";
import { attentionMismatch, crossEntropy, divergence, rawMismatch, slopesOf } from "./reference-losses.ts";
import type { Numbers, ReferenceActivation } from "./reference-nodes.ts";

interface ReferenceStepInput {
  model: Model;
  weights: Tensors;
  /** Of a teacher that keeps every ReLU. */
  teacherWeights: Tensors;
  objective: Objective;
  batch: Batch;
  /** What the student's ReLU layers compute, in the model's order. Default: ReLU. */
  activations?: readonly ReferenceActivation[];
}

export interface ReferenceStep {
  crossEntropy: number;
  divergence: number;
  pram: number;
  loss: number;
  /** By parameter; `share.<layer>` is that of a layer's shares. */
  gradients: Map<string, Numbers>;
  student: ReferencePass;
  teacher: ReferencePass;
}

/** What a training step is to report, and the gradients that it is to find, without `reluPenalty`. */
export function referenceStep(input: ReferenceStepInput): ReferenceStep {
  const { model, weights, teacherWeights, objective, batch, activations } = input;
  const x = normalized(batch);
  const layers = model.nodes.filter(({ op }) => op === "relu").map(({ name }) => name);
  const activation = ({ name }: { name: string }) => activations?.[layers.indexOf(name)] ?? null;
  const student = referencePass({ model, weights, x, mode: "train", activation });
  const teacher = referencePass({ model, weights: teacherWeights, x, mode: "evaluate" });
  const last = model.nodes.at(-1)?.name ?? "";
  const compared = [...new Set([last, ...(objective.pram ? model.groups : [])])];
  const termsWith = (changed: ReadonlyMap<string, Numbers>) =>
    terms({ model, objective, batch, teacher: teacher.outputs, student: new Map([...student.outputs, ...changed]) });
  const slopes = new Map(
    compared.map((node) => [
      node,
      slopesOf((values) => termsWith(new Map([[node, values]])).loss, student.outputs.get(node) as Numbers),
    ]),
  );
  return { ...termsWith(new Map()), gradients: student.gradients(slopes), student, teacher };
}

interface TermsInput extends Pick<ReferenceStepInput, "model" | "objective" | "batch"> {
  teacher: ReadonlyMap<string, Numbers>;
  student: ReadonlyMap<string, Numbers>;
}

function terms({ model, objective, batch: { labels }, teacher, student }: TermsInput) {
  const last = model.nodes.at(-1)?.name ?? "";
  const both = (node: string) => [teacher.get(node), student.get(node)] as [Numbers, Numbers];
  const { divergence: kl, pram } = objective;
  const mismatches = (pram ? model.groups : []).map((group) => {
    const { shape } = model.nodes.find(({ name }) => name === group) as Model["nodes"][number];
    return pram?.form === "raw"
      ? rawMismatch(...both(group), labels.length) / 2
      : attentionMismatch(...both(group), shape);
  });
  const own = {
    crossEntropy: objective.crossEntropy * crossEntropy(both(last)[1], labels),
    divergence: kl ? kl.weight * divergence(...both(last), { batch: labels.length, T: kl.temperature }) : 0,
    pram: pram ? pram.weight * mismatches.reduce((sum, value) => sum + value, 0) : 0,
  };
  return { ...own, loss: own.crossEntropy + own.divergence + own.pram };
}
