import { createRequire } from "node:module";
import type { PolynomialKernels } from "./he/polynomials.ts";
import type { Level } from "./kernels.ts";
import { findAddon } from "./native-build.ts";

/** Levels of the processor's own instructions. */
export type NativeLevel = Exclude<Level, "javascript" | "wasm">;

/** A chunk as `native/addon.cc` takes it: gates, slots, inputs' labels, outputs, units, keys, colors. */
export type NativeChunk = [
  gates: Int32Array,
  slots: number,
  labels: readonly Int32Array[],
  outputs: Int32Array,
  units: number,
  keys: Uint8Array,
  colors: Int32Array,
];

/** The functions of one level. They write to their last arguments, and throw where a size is not what it must be. */
export interface NativeFunctions extends PolynomialKernels {
  garble(...chunk: [...NativeChunk, delta: Int32Array, tables: Uint8Array]): void;
  evaluate(...chunk: [...NativeChunk, tables: Uint8Array]): void;
  takeBits(labels: Int32Array, values: BigInt64Array, bits: number, delta: Int32Array): void;
  expandKeys(keys: Uint8Array, schedules: Uint8Array): void;
  senderRows(
    schedules: Uint8Array,
    delta: Int32Array,
    position: number,
    corrections: Int32Array,
    rows: Int32Array,
  ): void;
  receiverRows(
    zeros: Uint8Array,
    ones: Uint8Array,
    position: number,
    choices: Int32Array,
    corrections: Int32Array,
    rows: Int32Array,
  ): void;
  hashRows(keys: Uint8Array, rows: Int32Array, shift: Int32Array, out: Int32Array): void;
  convolve(shape: Int32Array, filters: Int32Array, image: BigInt64Array, out: BigInt64Array): void;
}

type Addon = Partial<Record<NativeLevel, NativeFunctions>>;

let loaded: Addon | undefined;

/** The add-on's functions by the levels that this processor has; none where it was not built. */
export function nativeFunctions(): Addon {
  if (loaded) return loaded;
  const path = findAddon();
  if (!path) return {}; // which may be built yet
  loaded = createRequire(import.meta.url)(path) as Addon;
  return loaded;
}
