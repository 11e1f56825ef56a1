/** tfjs-node's own (4.22.0) reads every index back to the host to check it; TensorFlow checks them itself. */
import { scalar } from "@tensorflow/tfjs-core";
import type { Kernels } from "./operators.ts";

export const gatherKernels: Kernels = {
  GatherV2: (operators, { x, indices }, { axis, batchDims = 0 }) =>
    operators.run("GatherV2", [x, indices, scalar(axis, "int32")], {
      batch_dims: { int: batchDims },
      Tparams: { type: x.dtype },
      Tindices: { type: indices.dtype },
      Taxis: { type: "int32" },
    }),
};
