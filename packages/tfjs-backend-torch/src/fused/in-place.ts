/** Changing a variable's values where they lie. */
import { engine, tidy, type Variable } from "@tensorflow/tfjs-core";
import type { Kernels } from "../aten.ts";
import { runKernel } from "./dispatch.ts";

/**
 * Gives the variable its own copy of its values if another tensor shares them: a clone, the tensor it was made from,
 * or one saved for a gradient. (Views, which share memory but not identity, are seen by the bridge itself.)
 */
export function makeExclusive(variable: Variable): void {
  if (engine().backend.refCount(variable.dataId) > 1)
    tidy(() => variable.assign(runKernel("TorchCopy", { x: variable })[0] as never));
}

export const inPlaceKernels: Kernels = {
  TorchCopy: (torch, { x }) => torch.tensor(torch.call("clone", x), x.shape, x.dtype),
};
