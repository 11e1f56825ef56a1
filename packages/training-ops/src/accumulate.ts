/** Sums over a batch, by unit: what a mask search gathers. First a pending sum, then, under a guard, its addition. */

import { type Kernels, makeExclusive } from "@reluctant/tfjs-backend-torch/extension";
import { abs, add, neg, relu, sub, type Tensor, tidy, sum as total, type Variable } from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";
import { guarded } from "./guard.ts";

/** Σ over the batch of |a − b|, in float32. a and b [batch, ...s]; [...s], without gradient. */
export function absDiffSum(a: Tensor, b: Tensor): Tensor {
  return hasKernel("TrainingAbsDiffSum")
    ? (runKernel("TrainingAbsDiffSum", { a, b })[0] as Tensor)
    : absDiffSumComposed(a, b);
}

/** Σ over the batch of max(−z, 0), in float32. z [batch, ...s]; [...s], without gradient. */
export function negPartSum(z: Tensor): Tensor {
  return hasKernel("TrainingNegPartSum")
    ? (runKernel("TrainingNegPartSum", { z })[0] as Tensor)
    : negPartSumComposed(z);
}

export interface SumsCommit {
  /** Changed in place. */
  sums: readonly Variable[];
  /** One for each sum, of its shape. */
  pending: readonly Tensor[];
  /** Scalar; 0 changes nothing. Default: none. */
  guard?: Tensor | null;
}

/** sum ← sum + pending for each pair, in one call. */
export function commitSums(commit: SumsCommit): void {
  const { sums, pending, guard = null } = commit;
  if (sums.length !== pending.length) throw new Error(`commitSums: ${sums.length} sums, ${pending.length} pending`);
  if (!hasKernel("TrainingCommitSums")) commitSumsComposed(commit);
  else if (sums.length > 0) {
    sums.forEach(makeExclusive);
    runKernel("TrainingCommitSums", {}, { sums, pending, guard });
  }
}

/** sum += Σ over the batch of |a − b|, in place. sum [...s]; a and b [batch, ...s]. */
export const absDiffAccumulate = (sum: Variable, a: Tensor, b: Tensor): void =>
  tidy(() => commitSums({ sums: [sum], pending: [absDiffSum(a, b)] }));

/** sum += Σ over the batch of max(−z, 0), in place. sum [...s]; z [batch, ...s]. */
export const negPartAccumulate = (sum: Variable, z: Tensor): void =>
  tidy(() => commitSums({ sums: [sum], pending: [negPartSum(z)] }));

/** The twin of `absDiffSum` in plain TensorFlow.js. */
export const absDiffSumComposed = (a: Tensor, b: Tensor): Tensor => tidy(() => total(abs(sub(a, b)), 0));

/** The twin of `negPartSum` in plain TensorFlow.js. */
export const negPartSumComposed = (z: Tensor): Tensor => tidy(() => total(relu(neg(z)), 0));

/** The twin of `commitSums` in plain TensorFlow.js. */
export function commitSumsComposed({ sums, pending, guard }: SumsCommit): void {
  for (const [i, sum] of sums.entries())
    tidy(() => sum.assign(guarded<Tensor>(guard, add(sum, pending[i] as Tensor), sum)));
}

export const accumulateKernels: Kernels = {
  TrainingAbsDiffSum: (torch, { a, b }) =>
    torch.tensor(torch.call("training_ops::abs_diff_sum", a, b), a.shape.slice(1), "float32"),
  TrainingNegPartSum: (torch, { z }) =>
    torch.tensor(torch.call("training_ops::neg_part_sum", z), z.shape.slice(1), "float32"),
  TrainingCommitSums: (torch, _, { sums, pending, guard }) => {
    torch.callMany(0, "training_ops::commit_sums", sums, pending, guard);
    return [];
  },
};
