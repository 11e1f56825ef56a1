/** These operations as an extension of the tensorflow backend: those that its operators compute in fewer passes than the twins. */
import type { Extension } from "@reluctant/tfjs-backend-tensorflow";
import { batchNormGradients } from "../batch-norm.ts";
import { maskedReluGradients } from "../masked-relu.ts";
import { augmentKernels } from "./augment.ts";
import { batchNormKernels } from "./batch-norm.ts";
import { maskedReluKernels } from "./masked-relu.ts";
import { updateKernels } from "./update.ts";

export const tensorflowTrainingOps: Extension = {
  kernels: [augmentKernels, batchNormKernels, maskedReluKernels, updateKernels],
  gradients: [...batchNormGradients, ...maskedReluGradients],
};
