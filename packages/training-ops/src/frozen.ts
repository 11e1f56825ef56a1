/** Batch norm of a frozen network: part of its convolution, or one multiplication before the masked ReLU. No gradients. */

import type { Kernels } from "@reluctant/tfjs-backend-torch/extension";
import { add, mul, rsqrt, sub, type Tensor, type Tensor1D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";
import { addMaskedReluComposed, maskedReluComposed } from "./masked-relu.ts";

/** What a batch norm with known statistics applies; all [c]. */
export interface FrozenBatchNorm {
  gamma: Tensor1D;
  beta: Tensor1D;
  mean: Tensor1D;
  variance: Tensor1D;
  /** Default 1e-5. */
  eps?: number;
}

/** The batch norm as x · scale + shift, both [c]. */
export const scaleAndShift = ({ gamma, beta, mean, variance, eps = 1e-5 }: FrozenBatchNorm) =>
  tidy(() => {
    const scale = mul(gamma, rsqrt(add(variance, eps))) as Tensor1D;
    return { scale, shift: sub(beta, mul(mean, scale)) as Tensor1D };
  });

/**
 * The convolution that does what a convolution without bias followed by the batch norm does.
 * @param filter [h, w, in, c]
 * @returns filter of the same shape, and bias [c]
 */
export const foldBatchNorm = (filter: Tensor4D, norm: FrozenBatchNorm): { filter: Tensor4D; bias: Tensor1D } =>
  tidy(() => {
    const { scale, shift } = scaleAndShift(norm);
    return { filter: mul(filter, scale) as Tensor4D, bias: shift };
  });

export interface AffineMaskedRelu {
  /** [n, h, w, c] */
  x: Tensor4D;
  /** [c] */
  scale: Tensor1D;
  /** [c] */
  shift: Tensor1D;
  /** In x's shape, added before the ReLU. */
  residual?: Tensor4D | null;
  /** As in `maskedRelu`; null keeps every ReLU. */
  mask: Tensor | null;
}

/** maskedRelu(x · scale + shift [+ residual], mask) in one pass. */
export function affineMaskedRelu(affine: AffineMaskedRelu): Tensor4D {
  if (!hasKernel("TrainingAffineMaskedRelu")) return affineMaskedReluComposed(affine);
  const { x, scale, shift, residual, mask } = affine;
  const inputs = { x, scale, shift, ...(residual && { residual }), ...(mask && { mask }) };
  return runKernel("TrainingAffineMaskedRelu", inputs)[0] as Tensor4D;
}

/** The twin of `affineMaskedRelu` in plain TensorFlow.js. */
export const affineMaskedReluComposed = ({ x, scale, shift, residual, mask }: AffineMaskedRelu): Tensor4D =>
  tidy(() => {
    const z = add(mul(x, scale), shift) as Tensor4D;
    return residual ? addMaskedReluComposed(z, residual, mask) : maskedReluComposed(z, mask);
  });

export const frozenKernels: Kernels = {
  TrainingAffineMaskedRelu: (torch, { x, scale, shift, residual = null, mask = null }) =>
    torch.tensor(torch.call("training_ops::affine_relu", x, scale, shift, residual, mask), x.shape, "float32"),
};
