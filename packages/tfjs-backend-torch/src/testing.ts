/** For this package's tests only. */
import * as tf from "@tensorflow/tfjs"; // the union package: tfjs-core alone registers no gradients
import { registerTorchBackend, setAsync } from "./index.ts";

/** Why the torch backend cannot be tested here, or undefined. */
export const unavailable: string | undefined = await registerTorchBackend().then(
  () => undefined,
  (error: Error) => error.message,
);

/** A suite's name that shows why it is skipped. */
export const titled = (name: string): string => (unavailable ? `${name} [skipped: ${unavailable}]` : name);

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
