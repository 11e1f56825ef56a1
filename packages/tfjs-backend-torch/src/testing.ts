/** What tests of this backend, and of extensions, are written with. TensorFlow.js' cpu backend is what they compare with. */
import { randomNormal, setBackend, type Tensor } from "@tensorflow/tfjs-core";
import { setAsync } from "./index.ts";
import { registerTorchBackend, type TorchOptions, TorchUnavailableError } from "./register.ts";

/** Registers the backend. @returns why it cannot be tested here, or undefined */
export async function whyUnavailable(options: TorchOptions = {}): Promise<string | undefined> {
  try {
    await registerTorchBackend(options);
    return undefined;
  } catch (error) {
    if (error instanceof TorchUnavailableError) return error.message;
    throw error;
  }
}

/** Whether operators run when they are called or on the engine thread. */
export type Mode = "sync" | "async";

/** Runs `f` on a backend. */
export async function on<T>(backend: "cpu" | "torch", f: () => T | Promise<T>, mode: Mode = "sync"): Promise<T> {
  await setBackend(backend);
  if (backend === "torch") setAsync(mode === "async");
  try {
    return await f();
  } finally {
    if (backend === "torch") setAsync(false);
  }
}

/** Reproducible values, about normal with the given spread. */
export function noise(shape: number[], seed: number, spread = 1): Tensor {
  return randomNormal(shape, 0, spread, "float32", seed);
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
