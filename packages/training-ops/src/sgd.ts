/** Stochastic gradient descent with momentum and weight decay, as torch.optim.SGD. */

import { type Kernels, makeExclusive } from "@reluctant/tfjs-backend-torch/extension";
import { add, mul, type Scalar, scalar, sub, type Tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";
import { guarded } from "./guard.ts";

export interface SgdStep {
  /** Changed in place. */
  params: readonly Variable[];
  /** One for each parameter, in the same order. Not changed. */
  grads: readonly Tensor[];
  /** One for each parameter, zero before the first step; changed in place. */
  momenta: readonly Variable[];
  /** Learning rate; a scalar tensor where the same recorded step is to be taken at other rates. */
  lr: number | Scalar;
  momentum: number;
  weightDecay: number;
  /** For each parameter, 0 and 1 in its shape, by which it is multiplied after its step, or null. Default: none. */
  patterns?: readonly (Tensor | null)[];
  /** Scalar; 0 changes nothing. Default: none. */
  guard?: Tensor | null;
}

/**
 * For each parameter: v ← momentum · v + (g + weightDecay · p), then p ← (p − lr · v) · pattern. No dampening, no
 * Nesterov. One call for all parameters. A clone of a parameter, or the tensor it was made from, keeps its values.
 * @throws Error when the lists differ in length.
 */
export function sgdStep(step: SgdStep): void {
  const { params, grads, momenta, patterns = params } = step;
  if (grads.length !== params.length || momenta.length !== params.length || patterns.length !== params.length) {
    throw new Error(
      `sgdStep: ${params.length} params, ${grads.length} grads and ${momenta.length} momenta must be equally many, patterns too (${patterns.length})`,
    );
  }
  if (hasKernel("TrainingSgd")) sgdStepInPlace(step);
  else sgdStepComposed(step);
}

function sgdStepInPlace({ params, grads, momenta, lr, momentum, weightDecay, patterns = [], guard = null }: SgdStep) {
  params.forEach(makeExclusive);
  momenta.forEach(makeExclusive);
  tidy(() => {
    const rate = typeof lr === "number" ? scalar(lr) : lr;
    const given = patterns.filter((pattern) => pattern !== null);
    const patternOf = params.map((_, i) => (patterns[i] ? given.indexOf(patterns[i]) : -1));
    runKernel("TrainingSgd", { rate }, { params, grads, momenta, momentum, weightDecay, given, patternOf, guard });
  });
}

/** The twin of `sgdStep` in plain TensorFlow.js. */
export function sgdStepComposed(step: SgdStep): void {
  const { params, grads, momenta, lr, momentum, weightDecay, patterns = [], guard } = step;
  for (const [i, p] of params.entries()) {
    const v = momenta[i] as Variable;
    tidy(() => {
      const velocity = add(mul(v, momentum), add(grads[i] as Tensor, mul(p, weightDecay)));
      const moved = sub(p, mul(velocity, lr));
      v.assign(guarded<Tensor>(guard, velocity, v));
      p.assign(guarded<Tensor>(guard, patterns[i] ? mul(moved, patterns[i]) : moved, p));
    });
  }
}

export const sgdKernels: Kernels = {
  TrainingSgd: (torch, { rate }, { params, grads, momenta, momentum, weightDecay, given, patternOf, guard }) => {
    const lists = [params, grads, momenta, given, patternOf] as const;
    torch.callMany(0, "training_ops::sgd", ...lists, rate, momentum, weightDecay, guard);
    return [];
  },
};
