/** Batch norm as TensorFlow's fused operators, NHWC. */
import type { Kernels, Operators } from "@reluctant/tfjs-backend-tensorflow";
import * as tf from "@tensorflow/tfjs-core";

const attributesOf = (eps: number, training: boolean) =>
  ({
    T: { type: "float32" },
    U: { type: "float32" },
    data_format: "NHWC",
    epsilon: { float: eps },
    is_training: training,
  }) as const;

/** For what an operator must be given and does not look at. */
const none = () => tf.tensor1d([]);

export const batchNormKernels: Kernels = {
  TrainingBatchNorm: (operators, { x, gamma, beta }, { eps }) => {
    const inputs = [x, gamma, beta, none(), none()];
    const [y, mean, unbiased] = operators.runMany(6, "FusedBatchNormV3", inputs, attributesOf(eps, true));
    const count = x.size / gamma.size;
    return [y, mean, tf.mul(unbiased as tf.Tensor, (count - 1) / count)] as tf.Tensor[];
  },
  TrainingBatchNormGrad: (operators, { dy, x, gamma, mean, variance }, { eps }) => {
    // Between forward and backward, TensorFlow keeps the variance on CPUs, and on GPUs one over the deviation.
    const spread = operators.onGpu ? tf.rsqrt(tf.add(variance, eps)) : variance;
    const inputs = [dy, x, gamma, mean, spread, none()];
    return operators.runMany(5, "FusedBatchNormGradV3", inputs, attributesOf(eps, true)).slice(0, 3);
  },
};

/** x · scale + shift by channel: a batch norm of mean 0 and variance 1, in one pass where they would be two. */
export function affine(operators: Operators, x: tf.Tensor4D, scale: tf.Tensor1D, shift: tf.Tensor1D): tf.Tensor {
  const [zero, one] = [tf.zerosLike(scale), tf.onesLike(scale)];
  return operators.runMany(6, "FusedBatchNormV3", [x, scale, shift, zero, one], attributesOf(0, false))[0] as tf.Tensor;
}
