import type { Objective } from "@reluctant/stages";
import {
  attentionMismatch,
  attentionMismatchComposed,
  klDivergence,
  rawMismatch,
  softmaxCrossEntropy,
} from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Pass } from "./forward.ts";

interface TermInput {
  student: Pass;
  teacher: Pass | null;
  /** Nodes that PRAM compares. */
  groups: readonly string[];
  /** [B], int32. */
  labels: tf.Tensor1D;
  /** ReLUs that the student's trainable activations keep, and what each above the target costs; for `reluPenalty` alone. */
  reluPenalty: ReluPenalty | null;
}

interface ReluPenalty {
  count: tf.Scalar;
  /** Scalar. */
  weight: tf.Tensor;
}

/** The weighted terms of an objective, in the order crossEntropy, divergence, pram, reluPenalty; 0 where a term is absent. */
export function terms(
  objective: Objective,
  { student, teacher, groups, labels, reluPenalty }: TermInput,
): [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar] {
  const { divergence, pram } = objective;
  return [
    tf.mul(softmaxCrossEntropy(student.logits, labels), objective.crossEntropy),
    divergence && teacher
      ? tf.mul(klDivergence(teacher.logits, student.logits, divergence.temperature), divergence.weight)
      : tf.scalar(0),
    pram && teacher ? activationMismatch(pram, teacher, student, groups) : tf.scalar(0),
    objective.reluPenalty && reluPenalty ? surplus(reluPenalty, objective.reluPenalty.target) : tf.scalar(0),
  ];
}

/** weight · max(count − target, 0) */
const surplus = ({ count, weight }: ReluPenalty, target: number): tf.Scalar =>
  tf.mul(weight, tf.relu(tf.sub(count, target)));

/** PRAM (method.md §5): β·Σ_j for `attention`, (β/2)·Σ_j for `raw`. */
function activationMismatch(
  { form, weight }: NonNullable<Objective["pram"]>,
  teacher: Pass,
  student: Pass,
  groups: readonly string[],
): tf.Scalar {
  const factor = form === "attention" ? weight : weight / 2;
  const each = groups.map((name) => {
    const [taught, learned] = [teacher, student].map(({ outputs }) => outputs.get(name)) as [tf.Tensor, tf.Tensor];
    if (form === "raw") return rawMismatch(taught, learned);
    // Attention averages over channels, so a narrower student may have fewer; the kernel wants as many.
    return (sameShape(taught, learned) ? attentionMismatch : attentionMismatchComposed)(taught, learned);
  });
  return tf.mul(tf.addN(each) as tf.Scalar, factor);
}

const sameShape = (a: tf.Tensor, b: tf.Tensor): boolean => tf.util.arraysEqual(a.shape, b.shape);

/** Scalar: how many of a batch's largest logits are at the label. */
export const correctOf = (logitsBK: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  tf.sum(tf.cast(tf.equal(tf.argMax(logitsBK, 1), labels), "float32"));
