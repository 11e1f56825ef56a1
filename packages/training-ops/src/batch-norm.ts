/**
 * Batch norm by the batch's statistics, alone or with the sum and the masked ReLU that follow it in the same pass.
 * NHWC; statistics over batch, height and width. Nothing is changed in place: `commitStatistics` moves running ones.
 */

import type { Kernel, Kernels, Slot, Torch } from "@reluctant/tfjs-backend-torch/extension";
import {
  add,
  avgPool,
  customGrad,
  div,
  type GradConfig,
  mean,
  mul,
  sqrt,
  square,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";
import { addMaskedRelu, addMaskedReluComposed, maskedRelu, maskedReluComposed } from "./masked-relu.ts";

export interface BatchNormTrainOptions {
  /** Default 1e-5, as torch. */
  eps?: number;
}

export interface BatchNormTrainResult {
  y: Tensor4D;
  /** [c], without gradient. */
  batchMean: Tensor1D;
  /** [c], biased (divided by the count), without gradient. */
  batchVariance: Tensor1D;
}

/**
 * Normalizes x by its batch mean and biased batch variance, then scales by gamma and shifts by beta.
 * @param x [n, h, w, c]; gamma and beta [c]
 */
export function batchNormTrain(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  { eps = 1e-5 }: BatchNormTrainOptions = {},
): BatchNormTrainResult {
  if (!hasKernel("TrainingBatchNorm")) return batchNormTrainComposed(x, gamma, beta, { eps });
  return resultOf(runKernel("TrainingBatchNorm", { x, gamma, beta }, { eps }));
}

/** `maskedRelu` of `batchNormTrain`: x is read twice and y written once. The mask is as in `maskedRelu`. */
export function batchNormMaskedRelu(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  mask: Tensor | null,
  { eps = 1e-5 }: BatchNormTrainOptions = {},
): BatchNormTrainResult {
  if (!hasKernel("TrainingBatchNormRelu")) {
    const normalized = batchNormTrain(x, gamma, beta, { eps });
    return { ...normalized, y: maskedRelu(normalized.y, mask) };
  }
  if (!mask) return resultOf(runKernel("TrainingBatchNormRelu", { x, gamma, beta }, { eps }));
  return resultOf(runKernel("TrainingBatchNormMaskedRelu", { x, gamma, beta, mask }, { eps }));
}

/** `maskedRelu` of `batchNormTrain` + residual, for the end of a residual block. The residual has x's shape. */
export function batchNormAddMaskedRelu(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  residual: Tensor4D,
  mask: Tensor | null,
  { eps = 1e-5 }: BatchNormTrainOptions = {},
): BatchNormTrainResult {
  const inputs = { x, gamma, beta, residual };
  if (!hasKernel("TrainingBatchNormAddRelu")) {
    const normalized = batchNormTrain(x, gamma, beta, { eps });
    return { ...normalized, y: addMaskedRelu(normalized.y, residual, mask) };
  }
  if (!mask) return resultOf(runKernel("TrainingBatchNormAddRelu", inputs, { eps }));
  return resultOf(runKernel("TrainingBatchNormAddMaskedRelu", { ...inputs, mask }, { eps }));
}

/** The twin of `batchNormTrain` in plain TensorFlow.js. */
export function batchNormTrainComposed(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  { eps = 1e-5 }: BatchNormTrainOptions = {},
): BatchNormTrainResult {
  const batchMean = channelMeans(x);
  const batchVariance = channelMeans(square(sub(x, batchMean)) as Tensor4D);
  const deviation = sqrt(add(batchVariance, eps));
  const normalize = customGrad((...given) => {
    const [x, gamma, beta, save] = given as unknown as [Tensor4D, Tensor1D, Tensor1D, (saved: Tensor[]) => void];
    save([x, gamma, batchMean, deviation]);
    return {
      value: add(mul(sub(x, batchMean), div(gamma, deviation)), beta),
      gradFunc: (dy, saved) => inputGradients(dy as Tensor4D, saved as [Tensor4D, Tensor1D, Tensor1D, Tensor1D]),
    };
  });
  return { y: normalize(x, gamma, beta) as Tensor4D, batchMean, batchVariance };
}

/**
 * The gradient with the batch's statistics as functions of x: dx = γ/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)). By hand,
 * because through elementary operations it takes twice as many passes.
 */
function inputGradients(
  dy: Tensor4D,
  [x, gamma, batchMean, deviation]: [Tensor4D, Tensor1D, Tensor1D, Tensor1D],
): [Tensor4D, Tensor1D, Tensor1D] {
  const count = x.size / gamma.size;
  const centered = sub(x, batchMean);
  const meanOfDy = channelMeans(dy);
  const slope = div(channelMeans(mul(dy, centered) as Tensor4D), deviation); // mean of dy · x̂
  const along = mul(centered, div(slope, deviation));
  const dx = mul(sub(sub(dy, meanOfDy), along), div(gamma, deviation)) as Tensor4D;
  return [dx, mul(slope, count), mul(meanOfDy, count)];
}

/** [c]: a pool over each image first, which reads x as it lies, where `mean` would transpose it. */
const channelMeans = (x: Tensor4D): Tensor1D => {
  const [, height, width] = x.shape;
  return mean(avgPool(x, [height, width], 1, "valid"), [0, 1, 2]);
};

/** The twin of `batchNormMaskedRelu` in plain TensorFlow.js. */
export function batchNormMaskedReluComposed(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  mask: Tensor | null,
  options?: BatchNormTrainOptions,
): BatchNormTrainResult {
  const normalized = batchNormTrainComposed(x, gamma, beta, options);
  return { ...normalized, y: maskedReluComposed(normalized.y, mask) };
}

/** The twin of `batchNormAddMaskedRelu` in plain TensorFlow.js. */
export function batchNormAddMaskedReluComposed(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  residual: Tensor4D,
  mask: Tensor | null,
  options?: BatchNormTrainOptions,
): BatchNormTrainResult {
  const normalized = batchNormTrainComposed(x, gamma, beta, options);
  return { ...normalized, y: addMaskedReluComposed(normalized.y, residual, mask) };
}

const resultOf = ([y, batchMean, batchVariance]: Tensor[]): BatchNormTrainResult => ({
  y: y as Tensor4D,
  batchMean: batchMean as Tensor1D,
  batchVariance: batchVariance as Tensor1D,
});

/** Three results, one in x's shape and two vectors of its channels. */
const normalized = (torch: Torch, x: TensorInfo, vectorShape: number[], slots: Slot[]): TensorInfo[] =>
  slots.map((slot, i) => torch.tensor(slot, i === 0 ? x.shape : vectorShape, "float32"));

const batchNorm: Kernel = (torch, { x, gamma, beta }, { eps }) =>
  normalized(torch, x, gamma.shape, torch.callMany(3, "training_ops::batch_norm", x, gamma, beta, eps));
const batchNormRelu: Kernel = (torch, { x, gamma, beta, mask = null }, { eps }) =>
  normalized(torch, x, gamma.shape, torch.callMany(3, "training_ops::batch_norm_relu", x, gamma, beta, mask, eps));
const batchNormAddRelu: Kernel = (torch, { x, gamma, beta, residual, mask = null }, { eps }) => {
  const operands = [x, gamma, beta, residual, mask, eps] as const;
  return normalized(torch, x, gamma.shape, torch.callMany(3, "training_ops::batch_norm_add_relu", ...operands));
};

export const batchNormKernels: Kernels = {
  TrainingBatchNorm: batchNorm,
  TrainingBatchNormRelu: batchNormRelu,
  TrainingBatchNormMaskedRelu: batchNormRelu,
  TrainingBatchNormAddRelu: batchNormAddRelu,
  TrainingBatchNormAddMaskedRelu: batchNormAddRelu,
  TrainingBatchNormGrad: (torch, { dy, x, gamma, beta, mean, variance }, { eps }) => {
    const operands = [dy, x, gamma, beta, mean, variance, eps] as const;
    return normalized(torch, x, gamma.shape, torch.callMany(3, "training_ops::batch_norm_backward", ...operands));
  },
  TrainingBatchNormReluGrad: (torch, { dy, x, gamma, beta, mean, variance, mask = null }, { eps }) => {
    const operands = [dy, x, gamma, beta, mean, variance, mask, eps] as const;
    return normalized(torch, x, gamma.shape, torch.callMany(3, "training_ops::batch_norm_relu_backward", ...operands));
  },
};

/** All three at once, before TensorFlow.js asks for any: they belong to the scope of the whole backward pass. */
function gradientsBy(kernel: string, inputs: Record<string, Tensor>, attrs: object) {
  const [dx, dGamma, dBeta] = runKernel(kernel, inputs, attrs) as [Tensor, Tensor, Tensor];
  return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
}

type Saved = Record<"x" | "gamma" | "beta" | "mean" | "variance", Tensor>;

export const batchNormGradients: GradConfig[] = [
  {
    kernelName: "TrainingBatchNorm",
    inputsToSave: ["x", "gamma", "beta"],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, beta, mean, variance], attrs) => {
      const saved = { x, gamma, beta, mean, variance } as Saved;
      return gradientsBy("TrainingBatchNormGrad", { dy: (dys as Tensor[])[0] as Tensor, ...saved }, attrs);
    },
  },
  {
    kernelName: "TrainingBatchNormRelu",
    inputsToSave: ["x", "gamma", "beta"],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, beta, mean, variance], attrs) => {
      const saved = { x, gamma, beta, mean, variance } as Saved;
      return gradientsBy("TrainingBatchNormReluGrad", { dy: (dys as Tensor[])[0] as Tensor, ...saved }, attrs);
    },
  },
  {
    kernelName: "TrainingBatchNormMaskedRelu",
    inputsToSave: ["x", "gamma", "beta", "mask"],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, beta, mask, mean, variance], attrs) => {
      const saved = { x, gamma, beta, mean, variance, mask: mask as Tensor } as Saved;
      return gradientsBy("TrainingBatchNormReluGrad", { dy: (dys as Tensor[])[0] as Tensor, ...saved }, attrs);
    },
  },
  {
    kernelName: "TrainingBatchNormAddRelu",
    inputsToSave: ["x", "gamma", "beta"],
    outputsToSave: [true, true, true],
    gradFunc: (dys, [x, gamma, beta, y, mean, variance], attrs) => {
      const saved = { x, gamma, beta, mean, variance } as Saved;
      const dy = runKernel("TrainingMaskedReluGrad", {
        dy: (dys as Tensor[])[0] as Tensor,
        y: y as Tensor,
      })[0] as Tensor;
      return { ...gradientsBy("TrainingBatchNormGrad", { dy, ...saved }, attrs), residual: () => dy };
    },
  },
  {
    kernelName: "TrainingBatchNormAddMaskedRelu",
    inputsToSave: ["x", "gamma", "beta", "mask"],
    outputsToSave: [true, true, true],
    gradFunc: (dys, [x, gamma, beta, mask, y, mean, variance], attrs) => {
      const saved = { x, gamma, beta, mean, variance } as Saved;
      const open = { dy: (dys as Tensor[])[0] as Tensor, y: y as Tensor, mask: mask as Tensor };
      const dy = runKernel("TrainingMaskedReluGrad", open)[0] as Tensor;
      return { ...gradientsBy("TrainingBatchNormGrad", { dy, ...saved }, attrs), residual: () => dy };
    },
  },
];
