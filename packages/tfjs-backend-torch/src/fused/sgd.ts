/** Stochastic gradient descent with momentum and weight decay, as torch.optim.SGD. */
import { add, mul, sub, type Tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import { type Kernels, op } from "../aten.ts";
import { view } from "../bridge.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { makeExclusive } from "./in-place.ts";

export interface SgdStep {
  /** Changed in place. */
  params: readonly Variable[];
  /** One for each parameter, in the same order. Not changed. */
  grads: readonly Tensor[];
  /** One for each parameter, zero before the first step; changed in place. */
  momenta: readonly Variable[];
  /** Learning rate. */
  lr: number;
  momentum: number;
  weightDecay: number;
}

/**
 * For each parameter: v ← momentum · v + (g + weightDecay · p), then p ← p − lr · v. No dampening, no Nesterov.
 * A clone of a parameter, or the tensor it was made from, keeps its values.
 * @throws Error when the three lists differ in length.
 */
export function sgdStep(step: SgdStep): void {
  const { params, grads, momenta } = step;
  if (grads.length !== params.length || momenta.length !== params.length) {
    throw new Error(
      `sgdStep: ${params.length} params, ${grads.length} grads and ${momenta.length} momenta must be equally many`,
    );
  }
  if (hasKernel("TorchSgd")) sgdStepInPlace(step);
  else sgdStepComposed(step);
}

function sgdStepInPlace({ params, grads, momenta, lr, momentum, weightDecay }: SgdStep): void {
  for (const [i, p] of params.entries()) {
    const v = momenta[i] as Variable;
    makeExclusive(p);
    makeExclusive(v);
    runKernel("TorchSgd", { p, g: grads[i] as Tensor, v }, { lr, momentum, weightDecay });
  }
}

/** The twin of `sgdStep` in plain TensorFlow.js. */
export function sgdStepComposed({ params, grads, momenta, lr, momentum, weightDecay }: SgdStep): void {
  for (const [i, p] of params.entries()) {
    const v = momenta[i] as Variable;
    tidy(() => {
      v.assign(add(mul(v, momentum), add(grads[i] as Tensor, mul(p, weightDecay))));
      p.assign(sub(p, mul(v, lr)));
    });
  }
}

const layOut = op("contiguous", { in: [view.hwio], out: [view.hwio] });
const channelsLast = 2;

export const sgdKernels: Kernels = {
  TorchSgd: (torch, { p, g, v }, { lr, momentum, weightDecay }) => {
    const step = torch.call("add.Tensor", g, p, weightDecay);
    // A filter that a convolution laid out, and its momentum, in one layout: both are then walked in memory order.
    if (v.shape.length === 4) torch.into(torch.backend.slotOf(v), layOut, v, channelsLast);
    torch.run("mul_.Scalar", v, momentum);
    torch.run("add_.Tensor", v, step, 1);
    torch.run("add_.Tensor", p, v, -lr);
    return [];
  },
};
