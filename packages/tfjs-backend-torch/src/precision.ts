/**
 * Mixed precision, as PyTorch's autocast has it. With `bf16`, convolutions and matrix products round their operands to
 * bfloat16 and accumulate in float32. What a convolution gives is stored as bfloat16, and so is what is computed from
 * that alone: normalized, pooled, added, cut off at zero. TensorFlow.js sees float32 throughout.
 *
 * Stored as float32: what is uploaded, variables, sums and means, statistics and vectors of batch norm, softmax,
 * gradients of filters, and matrix products, because they end in logits. An operation on both kinds gives float32.
 */
import { readFileSync } from "node:fs";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type Kernel, type Kernels, scalarType, type Torch } from "./aten.ts";
import type { TorchBackend } from "./backend.ts";
import type { Slot } from "./bridge.ts";

/** What a float32 tensor of TensorFlow.js is stored as. */
export type StoredType = "float32" | "bfloat16";

/**
 * x as convolutions and matrix products take it: in bf16 a copy, unless it is stored so. Converting the filters of a
 * ResNet-20 for each use takes 0.3 % of a step, so that nothing is kept between the uses.
 */
export function operand(torch: Torch, x: Slot | TensorInfo): Slot {
  if (torch.backend.precision === "bf16") return torch.call("to.dtype", x, scalarType.bfloat16);
  return typeof x === "number" ? x : torch.backend.slotOf(x);
}

/** The scalar type of `operand`. */
export const operandType = (torch: Torch): number =>
  torch.backend.precision === "bf16" ? scalarType.bfloat16 : scalarType.float32;

/** A result of `operand`s as float32. */
export function inFloat32(torch: Torch, y: Slot): Slot {
  return torch.backend.precision === "bf16" ? torch.call("to.dtype", y, scalarType.float32) : y;
}

/** Kernels for which all operands are to be of one type, or that the CPU has in no other: given float32 tensors as such. */
export const inFloat32Only = (kernels: Kernels): Kernels =>
  Object.fromEntries(
    Object.entries(kernels).map(([name, kernel]): [string, Kernel] => [
      name,
      (torch, inputs, attrs) =>
        torch.backend.precision === "bf16" ? onFloat32(kernel, torch, inputs, attrs) : kernel(torch, inputs, attrs),
    ]),
  );

function onFloat32(kernel: Kernel, torch: Torch, inputs: Record<string, TensorInfo>, attrs: object) {
  const given = { ...inputs };
  const made: TensorInfo[] = [];
  try {
    for (const [key, x] of Object.entries(inputs)) {
      if (x?.dtype !== "float32") continue;
      const wide = torch.tensor(inFloat32(torch, torch.backend.slotOf(x)), x.shape, x.dtype);
      made.push(wide);
      given[key] = wide;
    }
    return kernel(torch, given, attrs);
  } finally {
    for (const x of made) torch.backend.disposeData(x.dataId);
  }
}

/** What a float32 tensor is stored as. @throws Error for a tensor of another type */
export function storedTypeOf(backend: TorchBackend, x: TensorInfo): StoredType {
  if (x.dtype !== "float32") throw new Error(`a tensor of type ${x.dtype} is stored as what it is`);
  return backend.bridge.scalarType(backend.slotOf(x)) === scalarType.bfloat16 ? "bfloat16" : "float32";
}

/**
 * Whether this processor multiplies bfloat16 in hardware. Without, oneDNN would emulate it or not take it at all, slower
 * than float32.
 */
export function processorHasBf16(): boolean {
  try {
    return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false; // no Linux: nothing is known
  }
}
