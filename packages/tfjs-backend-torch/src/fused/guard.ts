/** A guard is a scalar on the device: 0 keeps everything as it is, so that a step with a non-finite loss changes nothing. */
import {
  all,
  cast,
  isFinite as finite,
  logicalAnd,
  notEqual,
  type Scalar,
  scalar,
  type Tensor,
  tidy,
  where,
} from "@tensorflow/tfjs-core";
import type { Kernels } from "../aten.ts";
import { hasKernel, runKernel } from "./dispatch.ts";

/** 1 when every element of every float32 tensor is finite, else 0. Each is read once; nothing comes to the host. */
export function allFinite(tensors: readonly Tensor[]): Scalar {
  if (tensors.length === 0 || !hasKernel("TorchAllFinite")) return allFiniteComposed(tensors);
  return runKernel("TorchAllFinite", {}, { tensors })[0] as Scalar;
}

/** The twin of `allFinite` in plain TensorFlow.js. */
export function allFiniteComposed(tensors: readonly Tensor[]): Scalar {
  return tidy(() => {
    const filled = tensors.filter(({ size }) => size > 0); // `all` of nothing is 0 on some backends
    const each = filled.map((t) => all(finite(t)) as Scalar);
    return cast(
      each.reduce((a, b) => logicalAnd(a, b), cast(scalar(1), "bool")),
      "float32",
    );
  });
}

/** `moved`, or `kept` where the guard is 0. */
export function guarded<T extends Tensor>(guard: Tensor | null | undefined, moved: T, kept: T): T {
  return guard ? (where(notEqual(guard, 0), moved, kept) as T) : moved;
}

export const guardKernels: Kernels = {
  TorchAllFinite: (torch, _, { tensors }) => torch.tensor(torch.call("tfjs_torch::all_finite", tensors), [], "float32"),
};
