/** For this package's tests only. */

import { noise, on, relativeError, whyUnavailable } from "@reluctant/tfjs-backend-torch/testing";
import * as tf from "@tensorflow/tfjs"; // the union package: tfjs-core alone registers no gradients
import { skipFor } from "../../../test/skip-for.ts";
import { trainingOps } from "./extension.ts";

export { type Mode, noise, on, relativeError } from "@reluctant/tfjs-backend-torch/testing";

/** Why these operations cannot be tested on the torch backend here, or undefined. */
export const unavailable = await whyUnavailable({ extensions: [trainingOps] });

/** Options of tests that need the backend. */
export const whereTorch = skipFor(unavailable);

/** Value and gradients of Σ f(inputs) · weights, as plain arrays. */
export function valueAndGradients(f: (...x: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): Float32Array[] {
  return tf.tidy(() => {
    const y = f(...inputs);
    const weights = noise(y.shape, 99);
    const gradients = tf.grads((...x: tf.Tensor[]) => tf.sum(tf.mul(f(...x), weights)))(inputs);
    return [y, ...gradients].map((t) => t.dataSync() as Float32Array);
  });
}

/** How far the fused function on torch, in both modes, is from its twin on the cpu backend: the largest `relativeError`. */
export async function twinError(fused: () => ArrayLike<number>[], composed: () => ArrayLike<number>[]) {
  const expected = await on("cpu", composed);
  const errors: number[] = [];
  for (const mode of ["sync", "async"] as const) {
    const actual = await on("torch", fused, mode);
    errors.push(...expected.map((values, i) => relativeError(actual[i] ?? [], values)));
  }
  return Math.max(...errors);
}
