/**
 * ReLU where a mask is 1, the identity where it is 0.
 *
 * One pass: max(x, log m), because log 1 = 0 and log 0 = −∞. A mask is one image large and a batch is 128 of them, so
 * taking its logarithm each time costs under 1 % of the pass, and no state is kept. Backward, dy passes where
 * y > log m: everywhere that m = 0, and where a kept ReLU was open.
 */
import { add, cast, type GradConfig, mul, relu, sub, type Tensor } from "@tensorflow/tfjs-core";
import type { Kernels, Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";
import { hasKernel, runKernel } from "./dispatch.ts";

/**
 * y = m ? max(x, 0) : x, with its gradient (0 at a kept x = 0, as `tf.relu`). Exactly linear where m = 0.
 * @param x [batch, ...s]
 * @param mask [...s] or [1, ...s], float32 or bool, only 0 and 1, without gradient; null keeps every ReLU
 */
export function maskedRelu<T extends Tensor>(x: T, mask: Tensor | null): T {
  if (!hasKernel("TorchMaskedRelu")) return maskedReluComposed(x, mask);
  return (mask ? runKernel("TorchMaskedRelu", { x, mask }) : runKernel("TorchRelu", { x }))[0] as T;
}

/** `maskedRelu(a + b, mask)` in one kernel, for the end of a residual block. a and b have one shape. */
export function addMaskedRelu<T extends Tensor>(a: T, b: T, mask: Tensor | null): T {
  if (!hasKernel("TorchAddMaskedRelu")) return addMaskedReluComposed(a, b, mask);
  return (mask ? runKernel("TorchAddMaskedRelu", { a, b, mask }) : runKernel("TorchAddRelu", { a, b }))[0] as T;
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

/** 0 where the ReLU is kept, −∞ where it is not. */
const lowerBounds = (torch: Torch, mask: { dtype: string; dataId: object; shape: number[] }): Slot =>
  torch.call("log", torch.cast(mask as never, "float32"));

export const maskedReluKernels: Kernels = {
  TorchRelu: (torch, { x }) => torch.tensor(torch.call("relu", x), x.shape, "float32"),
  TorchMaskedRelu: (torch, { x, mask }) =>
    torch.tensor(torch.call("clamp_min.Tensor", x, lowerBounds(torch, mask)), x.shape, "float32"),
  TorchAddRelu: (torch, { a, b }) => {
    const sum = torch.call("add.Tensor", a, b);
    torch.run("relu_", sum);
    return torch.tensor(sum, a.shape, "float32");
  },
  TorchAddMaskedRelu: (torch, { a, b, mask }) => {
    const sum = torch.call("add.Tensor", a, b);
    torch.run("clamp_min_.Tensor", sum, lowerBounds(torch, mask));
    return torch.tensor(sum, a.shape, "float32");
  },
  TorchReluGrad: (torch, { dy, y }) => torch.tensor(torch.call("threshold_backward", dy, y, 0), y.shape, "float32"),
  TorchMaskedReluGrad: (torch, { dy, y, mask }) => {
    const open = torch.call("gt.Tensor", y, lowerBounds(torch, mask));
    return torch.tensor(torch.call("where.ScalarOther", open, dy, 0), y.shape, "float32");
  },
};

const reluGrad = (dy: Tensor | Tensor[], y: Tensor): Tensor =>
  runKernel("TorchReluGrad", { dy: dy as Tensor, y })[0] as Tensor;
const maskedReluGrad = (dy: Tensor | Tensor[], y: Tensor, mask: Tensor): Tensor =>
  runKernel("TorchMaskedReluGrad", { dy: dy as Tensor, y, mask })[0] as Tensor;

/** The same gradient for both terms of a sum; a clone, because TensorFlow.js disposes what it accumulates. */
const forBoth = (d: Tensor) => ({ a: () => d, b: () => d.clone() });

export const maskedReluGradients: GradConfig[] = [
  { kernelName: "TorchRelu", outputsToSave: [true], gradFunc: (dy, [y]) => ({ x: () => reluGrad(dy, y as Tensor) }) },
  {
    kernelName: "TorchMaskedRelu",
    inputsToSave: ["mask"],
    outputsToSave: [true],
    gradFunc: (dy, [mask, y]) => ({ x: () => maskedReluGrad(dy, y as Tensor, mask as Tensor) }),
  },
  { kernelName: "TorchAddRelu", outputsToSave: [true], gradFunc: (dy, [y]) => forBoth(reluGrad(dy, y as Tensor)) },
  {
    kernelName: "TorchAddMaskedRelu",
    inputsToSave: ["mask"],
    outputsToSave: [true],
    gradFunc: (dy, [mask, y]) => forBoth(maskedReluGrad(dy, y as Tensor, mask as Tensor)),
  },
];
