/**
 * Losses in float32; B batch, K classes. Each kernel also gives what its gradient needs, so that backward is one pass.
 * Of two networks only the student's side has a gradient.
 */

import type { Kernels } from "@reluctant/tfjs-backend-torch/extension";
import {
  add,
  customGrad,
  div,
  exp,
  logSoftmax,
  mean,
  mul,
  type NamedTensorMap,
  neg,
  oneHot,
  reshape,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";

/**
 * Mean over the batch of −log softmax(z)[label].
 * @param labels int32 [B]; on torch one outside of the classes is an error
 */
export function softmaxCrossEntropy(logitsBK: Tensor2D, labels: Tensor1D): Scalar {
  if (!hasKernel("TrainingCrossEntropy")) return softmaxCrossEntropyComposed(logitsBK, labels);
  return lossOf(logitsBK, (logits) => withGradient(runKernel("TrainingCrossEntropy", { logits, labels })));
}

/**
 * T² · KL(softmax(teacher / T) ‖ softmax(student / T)), summed over classes, mean over the batch (torch's `batchmean`).
 */
export function klDivergence(teacherBK: Tensor2D, studentBK: Tensor2D, temperature: number): Scalar {
  if (!hasKernel("TrainingDivergence")) return klDivergenceComposed(teacherBK, studentBK, temperature);
  return lossOf(studentBK, (student) =>
    withGradient(runKernel("TrainingDivergence", { teacher: teacherBK, student }, { temperature })),
  );
}

/**
 * Mean over batch and positions of (Q_student − Q_teacher)², Q the map of mean_c(A²) with length 1 for each image.
 * Both [B, h, w, c].
 */
export function attentionMismatch(teacher: Tensor, student: Tensor): Scalar {
  if (!hasKernel("TrainingAttentionMismatch")) return attentionMismatchComposed(teacher, student);
  return lossOf(student, (map) => {
    const [value, factors] = runKernel("TrainingAttentionMismatch", { teacher, student: map }) as [Scalar, Tensor];
    const gradient = (dy: Tensor, [saved, rows]: Tensor[]) =>
      runKernel("TrainingAttentionMismatchGrad", { dy, student: saved, factors: rows } as NamedTensorMap)[0] as Tensor;
    return { value, needed: [map, factors], gradient };
  });
}

/** Mean over the batch of ‖Ψ_student − Ψ_teacher‖₂, Ψ each image's activations with length 1. */
export function rawMismatch(teacher: Tensor, student: Tensor): Scalar {
  if (!hasKernel("TrainingRawMismatch")) return rawMismatchComposed(teacher, student);
  return lossOf(student, (map) => {
    const [value, factors] = runKernel("TrainingRawMismatch", { teacher, student: map }) as [Scalar, Tensor];
    const gradient = (dy: Tensor, [s, t, pairs]: Tensor[]) =>
      runKernel("TrainingRawMismatchGrad", {
        dy,
        student: s,
        teacher: t,
        factors: pairs,
      } as NamedTensorMap)[0] as Tensor;
    return { value, needed: [map, teacher, factors], gradient };
  });
}

/** The twin of `softmaxCrossEntropy` in plain TensorFlow.js. */
export const softmaxCrossEntropyComposed = (logitsBK: Tensor2D, labels: Tensor1D): Scalar =>
  neg(mean(sum(mul(oneHot(labels, logitsBK.shape[1]), logSoftmax(logitsBK)), 1)));

/** The twin of `klDivergence` in plain TensorFlow.js. */
export function klDivergenceComposed(teacherBK: Tensor2D, studentBK: Tensor2D, temperature: number): Scalar {
  const logTeacher = logSoftmax(div(teacherBK, temperature));
  const logStudent = logSoftmax(div(studentBK, temperature));
  const perImage = sum(mul(exp(logTeacher), sub(logTeacher, logStudent)), 1);
  return mul(mean(perImage), temperature ** 2);
}

/** The twin of `attentionMismatch` in plain TensorFlow.js. */
export const attentionMismatchComposed = (teacher: Tensor, student: Tensor): Scalar =>
  mean(square(sub(attention(student), attention(teacher))));

/** The twin of `rawMismatch` in plain TensorFlow.js. */
export function rawMismatchComposed(teacher: Tensor, student: Tensor): Scalar {
  const difference = sub(normalized(flat(student)), normalized(flat(teacher)));
  return mean(sqrt(add(sum(square(difference), 1), 1e-12)));
}

const attention = (map: Tensor): Tensor => normalized(flat(mean(square(map), 3)));

const flat = (tensor: Tensor): Tensor2D => reshape(tensor, [tensor.shape[0] as number, -1]);

/** Rows of length 1; 1e-24 under the root keeps the gradient of an all-zero row finite. */
const normalized = (xBN: Tensor2D): Tensor2D => div(xBN, sqrt(add(sum(square(xBN), 1, true), 1e-24)));

interface LossKernel {
  value: Scalar;
  /** Kept for the gradient. */
  needed: Tensor[];
  gradient: (dy: Tensor, needed: Tensor[]) => Tensor;
}

/** Not a kernel with two results: TensorFlow.js would upload zeros as the gradient of the second one. */
function lossOf(input: Tensor, run: (input: Tensor) => LossKernel): Scalar {
  return customGrad((x, save) => {
    const { value, needed, gradient } = run(x as Tensor);
    (save as (tensors: Tensor[]) => void)(needed);
    return { value, gradFunc: gradient };
  })(input) as Scalar;
}

/** A kernel whose second result is already the gradient of its first. */
const withGradient = ([value, gradient]: Tensor[]): LossKernel => ({
  value: value as Scalar,
  needed: [gradient as Tensor],
  gradient: (dy, [saved]) => mul(saved as Tensor, dy),
});

export const lossKernels: Kernels = {
  TrainingCrossEntropy: (torch, { logits, labels }) => {
    const [loss, gradient] = torch.callMany(2, "training_ops::cross_entropy", logits, labels) as [number, number];
    return [torch.tensor(loss, [], "float32"), torch.tensor(gradient, logits.shape, "float32")];
  },
  TrainingDivergence: (torch, { teacher, student }, { temperature }) => {
    const [loss, gradient] = torch.callMany(2, "training_ops::divergence", teacher, student, temperature) as [
      number,
      number,
    ];
    return [torch.tensor(loss, [], "float32"), torch.tensor(gradient, student.shape, "float32")];
  },
  // factors [B, h · w]
  TrainingAttentionMismatch: (torch, { teacher, student }) => {
    const [loss, factors] = torch.callMany(2, "training_ops::attention_mismatch", student, teacher) as [number, number];
    const [batch = 0, height = 0, width = 0] = student.shape;
    return [torch.tensor(loss, [], "float32"), torch.tensor(factors, [batch, height * width], "float32")];
  },
  TrainingAttentionMismatchGrad: (torch, { dy, student, factors }) =>
    torch.tensor(
      torch.call("training_ops::attention_mismatch_backward", dy, student, factors),
      student.shape,
      "float32",
    ),
  // factors [B, 2]
  TrainingRawMismatch: (torch, { teacher, student }) => {
    const [loss, factors] = torch.callMany(2, "training_ops::raw_mismatch", student, teacher) as [number, number];
    return [torch.tensor(loss, [], "float32"), torch.tensor(factors, [student.shape[0], 2], "float32")];
  },
  TrainingRawMismatchGrad: (torch, { dy, student, teacher, factors }) =>
    torch.tensor(
      torch.call("training_ops::raw_mismatch_backward", dy, student, teacher, factors),
      student.shape,
      "float32",
    ),
};
