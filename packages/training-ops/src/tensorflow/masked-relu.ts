/** ReLU where a mask is 1, the identity where it is 0, of TensorFlow's operators. */
import type { Kernels, Operators } from "@reluctant/tfjs-backend-tensorflow";
import * as tf from "@tensorflow/tfjs-core";
import { affine } from "./batch-norm.ts";

const float32 = { T: { type: "float32" } } as const;

/** max(x, x · (1 − m)): max(x, 0) where m is 1, max(x, x) where it is 0. */
const maskedRelu = (operators: Operators, x: tf.Tensor, mask?: tf.Tensor): tf.Tensor =>
  mask ? tf.maximum(x, tf.mul(x, dropped(mask))) : operators.run("Relu", [x], float32);

/** 1 − m */
const dropped = (mask: tf.Tensor): tf.Tensor => tf.sub(1, tf.cast(mask, "float32"));

export const maskedReluKernels: Kernels = {
  TrainingRelu: (operators, { x }) => maskedRelu(operators, x),
  TrainingMaskedRelu: (operators, { x, mask }) => maskedRelu(operators, x, mask),
  TrainingAddRelu: (operators, { a, b }) => maskedRelu(operators, tf.add(a, b)),
  TrainingAddMaskedRelu: (operators, { a, b, mask }) => maskedRelu(operators, tf.add(a, b), mask),
  // dy flows where y > 0, and everywhere where the mask drops the ReLU.
  TrainingMaskedReluGrad: (operators, { dy, y, mask }) =>
    operators.run("ReluGrad", [dy, mask ? tf.maximum(y, dropped(mask)) : y], float32),
  TrainingAffineMaskedRelu: (operators, { x, scale, shift, residual, mask }) => {
    const z = affine(operators, x, scale, shift);
    return maskedRelu(operators, residual ? tf.add(z, residual) : z, mask);
  },
};
