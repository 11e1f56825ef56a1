/** Variables whose values are changed where they lie. */
import { engine, type Tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import type { Kernels } from "./aten.ts";

/**
 * Gives the variable its own copy of its values if another tensor shares them: a clone, the tensor it was made from,
 * or one saved for a gradient. (Views, which share memory but not identity, are seen by the bridge itself.)
 */
export function makeExclusive(variable: Variable): void {
  if (engine().backend.refCount(variable.dataId) > 1)
    tidy(() => variable.assign(engine().runKernel("TorchCopy", { x: variable }) as Tensor));
}

export const copy: Kernels = {
  TorchCopy: (torch, { x }) => torch.tensor(torch.call("clone", x), x.shape, x.dtype),
};
