/** These operations as an extension of the torch backend: their C++, and their kernels and gradients, by family. */
import { fileURLToPath } from "node:url";
import type { Extension, Unit } from "@reluctant/tfjs-backend-torch/extension";
import { accumulateKernels } from "./accumulate.ts";
import { augmentKernels } from "./augment.ts";
import { batchNormGradients, batchNormKernels } from "./batch-norm.ts";
import { frozenKernels } from "./frozen.ts";
import { guardKernels } from "./guard.ts";
import { lossKernels } from "./losses.ts";
import { maskedReluGradients, maskedReluKernels } from "./masked-relu.ts";
import { sgdKernels } from "./sgd.ts";
import { statisticsKernels } from "./statistics.ts";
import { topMaskKernels } from "./top-mask.ts";

/** The inner loops: vectors of sixteen floats at every level, and one order of every sum, so no contraction to FMA. */
const loops: Unit = { source: "loops/table.cc", flags: ["-ffp-contract=off", "-Wno-psabi"], byLevel: true };

export const trainingOps: Extension = {
  library: {
    file: "training_ops.so",
    sources: fileURLToPath(new URL("../native", import.meta.url)),
    units: [
      { source: "operators.cc" },
      { source: "loops/dispatch.cc" },
      loops,
      { source: "cuda/operators.cc", withCuda: true },
    ],
  },
  devices: ["cpu", "cuda"],
  kernels: [
    accumulateKernels,
    augmentKernels,
    batchNormKernels,
    frozenKernels,
    guardKernels,
    lossKernels,
    maskedReluKernels,
    sgdKernels,
    statisticsKernels,
    topMaskKernels,
  ],
  gradients: [...batchNormGradients, ...maskedReluGradients],
};
