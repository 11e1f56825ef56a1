/** Sums over a batch, added into a variable: what a mask search gathers over its batches. */
import { abs, add, neg, relu, sub, type Tensor, tidy, sum as total, type Variable } from "@tensorflow/tfjs-core";
import type { Kernels } from "../aten.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { makeExclusive } from "./in-place.ts";

/** sum += Σ over the batch of |a − b|, in place. sum [...s]; a and b [batch, ...s]. */
export function absDiffAccumulate(sum: Variable, a: Tensor, b: Tensor): void {
  if (hasKernel("TorchAbsDiffAccumulate")) {
    makeExclusive(sum);
    runKernel("TorchAbsDiffAccumulate", { sum, a, b });
  } else absDiffAccumulateComposed(sum, a, b);
}

/** sum += Σ over the batch of max(−z, 0), in place. sum [...s]; z [batch, ...s]. */
export function negPartAccumulate(sum: Variable, z: Tensor): void {
  if (hasKernel("TorchNegPartAccumulate")) {
    makeExclusive(sum);
    runKernel("TorchNegPartAccumulate", { sum, z });
  } else negPartAccumulateComposed(sum, z);
}

/** The twin of `absDiffAccumulate` in plain TensorFlow.js. */
export function absDiffAccumulateComposed(sum: Variable, a: Tensor, b: Tensor): void {
  tidy(() => sum.assign(add(sum, total(abs(sub(a, b)), 0))));
}

/** The twin of `negPartAccumulate` in plain TensorFlow.js. */
export function negPartAccumulateComposed(sum: Variable, z: Tensor): void {
  tidy(() => sum.assign(add(sum, total(relu(neg(z)), 0))));
}

export const accumulateKernels: Kernels = {
  TorchAbsDiffAccumulate: (torch, { sum, a, b }) => {
    const difference = torch.call("sub.Tensor", a, b);
    torch.run("abs_", difference);
    torch.run("add_.Tensor", sum, torch.call("sum.dim_IntList", difference, [0], false), 1);
    return [];
  },
  // max(−z, 0) = −min(z, 0)
  TorchNegPartAccumulate: (torch, { sum, z }) => {
    const negative = torch.call("sum.dim_IntList", torch.call("clamp_max", z, 0), [0], false);
    torch.run("sub_.Tensor", sum, negative, 1);
    return [];
  },
};
