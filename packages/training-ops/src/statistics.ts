/** Running statistics of batch norm: moving them, and normalizing by them. */

import { type Kernels, makeExclusive } from "@reluctant/tfjs-backend-torch/extension";
import {
  add,
  mul,
  batchNorm as normalize,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import { type BatchNormTrainOptions, batchNormTrain } from "./batch-norm.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { guarded } from "./guard.ts";

export interface StatisticsCommit {
  /** [c] each, changed in place. */
  runningMeans: readonly Variable[];
  runningVariances: readonly Variable[];
  /** What `batchNormTrain` and its kin returned, in the same order. */
  batchMeans: readonly Tensor[];
  batchVariances: readonly Tensor[];
  /** How many values are behind each: n · h · w, at least 2. */
  counts: readonly number[];
  /** What a running statistic keeps of itself. Default 0.9 (torch calls this momentum 0.1). */
  decay?: number;
  /** Scalar; 0 changes nothing. Default: none. */
  guard?: Tensor | null;
}

/**
 * running ← decay · running + (1 − decay) · batch, the variance unbiased, as torch does; all layers in one call.
 * @throws Error when the lists differ in length, or a variance of one value would have to be unbiased
 */
export function commitStatistics(commit: StatisticsCommit): void {
  const { runningMeans, runningVariances, batchMeans, batchVariances, counts, decay = 0.9, guard = null } = commit;
  const lists = [runningMeans, runningVariances, batchMeans, batchVariances, counts];
  if (lists.some(({ length }) => length !== counts.length))
    throw new Error(`commitStatistics: lists of ${lists.map(({ length }) => length)} entries`);
  const few = counts.find((count) => count < 2);
  if (few !== undefined) throw new Error(`commitStatistics: there is no unbiased variance of ${few} values`);
  if (!hasKernel("TrainingCommitStatistics")) commitStatisticsComposed(commit);
  else if (counts.length > 0) {
    for (const running of [...runningMeans, ...runningVariances]) makeExclusive(running);
    runKernel("TrainingCommitStatistics", {}, { ...commit, decay, guard });
  }
}

/** The twin of `commitStatistics` in plain TensorFlow.js. */
export function commitStatisticsComposed(commit: StatisticsCommit): void {
  const { runningMeans, runningVariances, batchMeans, batchVariances, counts, decay = 0.9, guard } = commit;
  const move = (running: Variable, batch: Tensor, share: number) =>
    tidy(() => running.assign(guarded<Tensor>(guard, add(mul(running, decay), mul(batch, share)), running)));
  for (const [i, count] of counts.entries()) {
    move(runningMeans[i] as Variable, batchMeans[i] as Tensor, 1 - decay);
    move(runningVariances[i] as Variable, batchVariances[i] as Tensor, ((1 - decay) * count) / (count - 1));
  }
}

export interface BatchNormOptions extends BatchNormTrainOptions {
  /** true: normalize by the batch and move the running statistics; false: normalize by the running statistics. */
  training: boolean;
  /** As in `commitStatistics`. */
  decay?: number;
}

/**
 * Batch norm that moves its running statistics at once, as torch does.
 * @param x [n, h, w, c]; the others [c]. No gradient flows into the running statistics.
 */
export function batchNorm(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  runningMean: Variable,
  runningVariance: Variable,
  { training, eps = 1e-5, decay }: BatchNormOptions,
): Tensor4D {
  if (!training)
    return normalize(x, runningMean as Tensor as Tensor1D, runningVariance as Tensor as Tensor1D, beta, gamma, eps);
  const { y, batchMean, batchVariance } = batchNormTrain(x, gamma, beta, { eps });
  commitStatistics({
    runningMeans: [runningMean],
    runningVariances: [runningVariance],
    batchMeans: [batchMean],
    batchVariances: [batchVariance],
    counts: [x.size / (x.shape[3] as number)],
    ...(decay !== undefined && { decay }),
  });
  return y;
}

export const statisticsKernels: Kernels = {
  TrainingCommitStatistics: (torch, _, attrs) => {
    const { runningMeans, runningVariances, batchMeans, batchVariances, counts, decay, guard } = attrs;
    const lists = [runningMeans, runningVariances, batchMeans, batchVariances, counts] as const;
    torch.callMany(0, "training_ops::commit_statistics", ...lists, decay, guard);
    return [];
  },
};
