/**
 * The extension point: kernels beside TensorFlow.js' own, on operators beside ATen's. `registerTorchBackend({ extensions })`
 * builds their libraries for the same libtorch, loads them and registers their kernels and gradients.
 *
 * A library registers its operators by TORCH_LIBRARY. Nothing else is asked of it: a schema tells what an operator takes,
 * what it gives and, by its aliases (`Tensor(a!)`), what it writes to, and so whatever knows operators by schema knows
 * these: the engine thread, recorded steps, counts, guarded memory. What TensorFlow.js must know, the shapes and types of
 * results, a kernel says (`torch.tensor(slot, shape, dtype)`).
 */
import type { GradConfig } from "@tensorflow/tfjs-core";
import type { Kernels } from "./aten.ts";
import type { TorchInfo } from "./bridge.ts";
import type { NativeLibrary } from "./compile.ts";

export { type Kernel, type Kernels, op, scalarType, Torch } from "./aten.ts";
export { type Slot, view } from "./bridge.ts";
export { buildFromCommandLine } from "./build-command.ts";
export type { NativeLibrary, Unit } from "./compile.ts";
export { makeExclusive } from "./exclusive.ts";

export interface Extension {
  library: NativeLibrary;
  /** What the operators compute on. On another device the kernels are not registered, as on another backend. */
  devices: readonly TorchInfo["device"][];
  /** By name, which no other kernel has. An operator is called by its full name: `torch.call("my_ops::f", x)`. */
  kernels: readonly Kernels[];
  /** Of those kernels that have one. */
  gradients: readonly GradConfig[];
}
