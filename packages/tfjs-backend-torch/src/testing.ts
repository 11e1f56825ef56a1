/** For this package's tests only. */
import * as tf from "@tensorflow/tfjs"; // the union package: tfjs-core alone registers no gradients
import { registerTorchBackend, setAsync, TorchUnavailableError } from "./index.ts";

/** Why the torch backend cannot be tested here, or undefined. */
export const unavailable: string | undefined = await registerTorchBackend().then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof TorchUnavailableError) return error.message;
    throw error;
  },
);

/** Options of tests that are skipped where there is a reason, which a report of the run then has in their meta data. */
export const skipFor = (reason: string | undefined) => (reason ? { skip: true, meta: { skipped: reason } } : {});

/** Options of tests that need the backend. */
export const whereTorch = skipFor(unavailable);

export type Mode = "sync" | "async";

/** Runs `f` on a backend. */
export async function on<T>(backend: "cpu" | "torch", f: () => T | Promise<T>, mode: Mode = "sync"): Promise<T> {
  await tf.setBackend(backend);
  if (backend === "torch") setAsync(mode === "async");
  try {
    return await f();
  } finally {
    if (backend === "torch") setAsync(false);
  }
}

/** Reproducible values, about normal with the given spread. */
export function noise(shape: number[], seed: number, spread = 1): tf.Tensor {
  return tf.randomNormal(shape, 0, spread, "float32", seed);
}

/** The largest difference between two lists of numbers, relative to the largest of the expected ones. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let scale = Number.MIN_VALUE;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, difference);
    scale = Math.max(scale, Math.abs(expected[i] as number));
  }
  return error / scale;
}

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
