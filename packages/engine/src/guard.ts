import * as tf from "@tensorflow/tfjs-core";

/** variable ← value where the scalar `finite` is not 0; otherwise nothing changes, without the host knowing. */
export function assignIf(finite: tf.Scalar, variable: tf.Variable, value: tf.Tensor): void {
  tf.tidy(() => variable.assign(tf.where(tf.cast(finite, "bool"), value, variable)));
}
