/** ReLU where a mask is 1, the identity where it is 0: one pass forward and one back, which looks at the output only. */

import type { Kernel, Kernels } from "@reluctant/tfjs-backend-torch/extension";
import { add, cast, type GradConfig, mul, relu, sub, type Tensor } from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";

/**
 * y = m ? max(x, 0) : x, with its gradient (0 at a kept x = 0, as `tf.relu`). Exactly linear where m = 0.
 * @param x [batch, ...s]
 * @param mask [...s] or [1, ...s], float32 or bool, only 0 and 1, without gradient; null keeps every ReLU
 */
export function maskedRelu<T extends Tensor>(x: T, mask: Tensor | null): T {
  if (!hasKernel("TrainingMaskedRelu")) return maskedReluComposed(x, mask);
  return (mask ? runKernel("TrainingMaskedRelu", { x, mask }) : runKernel("TrainingRelu", { x }))[0] as T;
}

/** `maskedRelu(a + b, mask)` in one pass, for the end of a residual block. a and b have one shape. */
export function addMaskedRelu<T extends Tensor>(a: T, b: T, mask: Tensor | null): T {
  if (!hasKernel("TrainingAddMaskedRelu")) return addMaskedReluComposed(a, b, mask);
  return (mask ? runKernel("TrainingAddMaskedRelu", { a, b, mask }) : runKernel("TrainingAddRelu", { a, b }))[0] as T;
}

/**
 * The twin of `maskedRelu` in plain TensorFlow.js: x·(1 − m) + relu(x)·m, exact because m is 0 or 1. `where` would
 * tile the mask over the batch, a quarter of a distillation step on wasm.
 */
export function maskedReluComposed<T extends Tensor>(x: T, mask: Tensor | null): T {
  if (!mask) return relu(x);
  const kept = cast(mask, "float32");
  return add(mul(x, sub(1, kept)), mul(relu(x), kept));
}

/** The twin of `addMaskedRelu` in plain TensorFlow.js. */
export function addMaskedReluComposed<T extends Tensor>(a: T, b: T, mask: Tensor | null): T {
  return maskedReluComposed(add(a, b) as T, mask);
}

const one: Kernel = (torch, { x, mask = null }) =>
  torch.tensor(torch.call("training_ops::masked_relu", x, mask), x.shape, "float32");
const sum: Kernel = (torch, { a, b, mask = null }) =>
  torch.tensor(torch.call("training_ops::add_masked_relu", a, b, mask), a.shape, "float32");

export const maskedReluKernels: Kernels = {
  TrainingRelu: one,
  TrainingMaskedRelu: one,
  TrainingAddRelu: sum,
  TrainingAddMaskedRelu: sum,
  TrainingMaskedReluGrad: (torch, { dy, y, mask = null }) =>
    torch.tensor(torch.call("training_ops::masked_relu_backward", dy, y, mask), y.shape, "float32"),
};

/** Saved are the mask, if there is one, and the output. */
function gradientOf(dy: Tensor | Tensor[], saved: Tensor[]): Tensor {
  const [y, mask] = [...saved].reverse() as [Tensor, Tensor?];
  return runKernel("TrainingMaskedReluGrad", { dy: dy as Tensor, y, ...(mask && { mask }) })[0] as Tensor;
}

/** The same gradient for both terms of a sum; a clone, because TensorFlow.js disposes what it accumulates. */
const forBoth = (d: Tensor) => ({ a: () => d, b: () => d.clone() });

const toOne: GradConfig["gradFunc"] = (dy, saved) => ({ x: () => gradientOf(dy, saved) });
const toSum: GradConfig["gradFunc"] = (dy, saved) => forBoth(gradientOf(dy, saved));

export const maskedReluGradients: GradConfig[] = [
  { kernelName: "TrainingRelu", outputsToSave: [true], gradFunc: toOne },
  { kernelName: "TrainingMaskedRelu", inputsToSave: ["mask"], outputsToSave: [true], gradFunc: toOne },
  { kernelName: "TrainingAddRelu", outputsToSave: [true], gradFunc: toSum },
  { kernelName: "TrainingAddMaskedRelu", inputsToSave: ["mask"], outputsToSave: [true], gradFunc: toSum },
];
