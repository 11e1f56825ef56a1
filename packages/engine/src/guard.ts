import * as tf from "@tensorflow/tfjs-core";

/** Scalar, bool: is every value finite? x·0 is 0 for a finite x and NaN for any other, whatever the sum of the x. */
export const allFinite = (tensors: readonly tf.Tensor[]): tf.Scalar =>
  tf.tidy(() => tf.isFinite(tf.addN(tensors.map((tensor) => tf.sum(tf.mul(tensor, 0))))) as tf.Scalar);

/** variable ← value where `finite` holds; otherwise nothing changes, without the host knowing. */
export function assignIf(finite: tf.Scalar, variable: tf.Variable, value: tf.Tensor): void {
  tf.tidy(() => variable.assign(tf.where(finite, value, variable)));
}
