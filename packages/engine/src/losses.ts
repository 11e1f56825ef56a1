import type { Objective } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import type { Pass } from "./forward.ts";

/** Legend: B batch, K classes, N everything else flattened. Log-softmax is computed in float32. */

/** Mean over the batch of −log softmax(z)[label]. */
export const crossEntropy = (logitsBK: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar => {
  const oneHot = tf.oneHot(labels, logitsBK.shape[1]);
  return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logitsBK)), 1)));
};

/** Scalar: how many of a batch's largest logits are at the label. */
export const correctOf = (logitsBK: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  tf.sum(tf.cast(tf.equal(tf.argMax(logitsBK, 1), labels), "float32"));

/** T²·KL(softmax(teacher / T) ‖ softmax(student / T)), summed over classes, mean over the batch (torch's `batchmean`). */
export const divergence = (teacherBK: tf.Tensor2D, studentBK: tf.Tensor2D, temperature: number): tf.Scalar => {
  const logTeacher = tf.logSoftmax(tf.div(teacherBK, temperature));
  const logStudent = tf.logSoftmax(tf.div(studentBK, temperature));
  const perImage = tf.sum(tf.mul(tf.exp(logTeacher), tf.sub(logTeacher, logStudent)), 1);
  return tf.mul(tf.mean(perImage), temperature ** 2);
};

/** Σ_j mean over batch and positions of (Q_PR − Q_AR)², Q the normalized map of mean_c(A²) (PAPER §5, `attention`). */
export const attentionMismatch = (teacher: readonly tf.Tensor[], student: readonly tf.Tensor[]): tf.Scalar =>
  total(student.map((map, j) => tf.mean(tf.square(tf.sub(attention(map), attention(teacher[j] as tf.Tensor))))));

/** Σ_j mean over the batch of ‖Ψ_PR − Ψ_AR‖₂, Ψ the normalized activations (PAPER §5, `raw`). */
export const rawMismatch = (teacher: readonly tf.Tensor[], student: readonly tf.Tensor[]): tf.Scalar =>
  total(
    student.map((map, j) => {
      const difference = tf.sub(normalized(flat(map)), normalized(flat(teacher[j] as tf.Tensor)));
      return tf.mean(tf.sqrt(tf.add(tf.sum(tf.square(difference), 1), 1e-12)));
    }),
  );

/** The weighted terms of an objective, in the order crossEntropy, divergence, pram; 0 where a term is absent. */
export function terms(
  objective: Objective,
  { student, teacher, groups, labels }: TermInput,
): [tf.Scalar, tf.Scalar, tf.Scalar] {
  const { divergence: softened, pram } = objective;
  return [
    tf.mul(crossEntropy(student.logits, labels), objective.crossEntropy),
    softened && teacher
      ? tf.mul(divergence(teacher.logits, student.logits, softened.temperature), softened.weight)
      : tf.scalar(0),
    pram && teacher ? activationMismatch(pram, teacher, student, groups) : tf.scalar(0),
  ];
}

interface TermInput {
  student: Pass;
  teacher: Pass | null;
  /** Nodes that PRAM compares. */
  groups: readonly string[];
  /** [B], int32. */
  labels: tf.Tensor1D;
}

function activationMismatch(
  { form, weight }: NonNullable<Objective["pram"]>,
  teacher: Pass,
  student: Pass,
  groups: readonly string[],
): tf.Scalar {
  const of = (pass: Pass) => groups.map((name) => pass.outputs.get(name) as tf.Tensor);
  return form === "attention"
    ? tf.mul(attentionMismatch(of(teacher), of(student)), weight)
    : tf.mul(rawMismatch(of(teacher), of(student)), weight / 2);
}

const attention = (map: tf.Tensor): tf.Tensor => normalized(flat(tf.mean(tf.square(map), 3)));

const flat = (tensor: tf.Tensor): tf.Tensor2D => tf.reshape(tensor, [tensor.shape[0] as number, -1]);

/** Rows of length 1; 1e-24 under the root keeps the gradient of an all-zero row finite. */
const normalized = (xBN: tf.Tensor2D): tf.Tensor2D =>
  tf.div(xBN, tf.sqrt(tf.add(tf.sum(tf.square(xBN), 1, true), 1e-24)));

const total = (scalars: tf.Tensor[]): tf.Scalar => tf.addN(scalars) as tf.Scalar;
