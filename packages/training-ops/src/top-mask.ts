/** The units with the largest scores. */

import type { Kernels } from "@reluctant/tfjs-backend-torch/extension";
import {
  cast,
  cumsum,
  equal,
  fill,
  gather,
  greater,
  lessEqual,
  logicalAnd,
  logicalOr,
  isNaN as nan,
  reshape,
  sub,
  sum,
  type Tensor,
  tidy,
  topk,
  where,
  zeros,
} from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";

/**
 * 1 at the `count` largest scores and 0 elsewhere, in the scores' shape; among equal scores the lower index wins. A score
 * that is NaN counts as −∞.
 * @param scores float32
 * @throws Error when there are fewer than `count`
 */
export function topMask<T extends Tensor>(scores: T, count: number): T {
  if (!Number.isInteger(count) || count < 0 || count > scores.size)
    throw new Error(`topMask: ${scores.size} units cannot keep ${count}`);
  if (!hasKernel("TrainingTopMask")) return topMaskComposed(scores, count);
  return runKernel("TrainingTopMask", { scores }, { count })[0] as T;
}

/** The twin of `topMask` in plain TensorFlow.js. */
export function topMaskComposed<T extends Tensor>(scores: T, count: number): T {
  if (count === 0) return zeros(scores.shape) as T;
  return tidy(() => {
    const flat = reshape(scores, [-1]);
    const ranked = where(nan(flat), fill(flat.shape, Number.NEGATIVE_INFINITY), flat);
    const threshold = gather(topk(ranked, count).values, [count - 1]);
    const above = greater(ranked, threshold);
    const tied = equal(ranked, threshold);
    const places = sub(count, sum(cast(above, "float32")));
    const chosen = logicalAnd(tied, lessEqual(cumsum(cast(tied, "float32")), places));
    return reshape(cast(logicalOr(above, chosen), "float32"), scores.shape) as T;
  });
}

export const topMaskKernels: Kernels = {
  TrainingTopMask: (torch, { scores }, { count }) =>
    torch.tensor(torch.call("training_ops::top_mask", scores, count), scores.shape, "float32"),
};
