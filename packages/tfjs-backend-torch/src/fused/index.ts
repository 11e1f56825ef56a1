/** The own kernels and gradients, by family. */
import type { GradConfig } from "@tensorflow/tfjs-core";
import type { Kernels } from "../aten.ts";
import type { TorchInfo } from "../bridge.ts";
import { accumulateKernels } from "./accumulate.ts";
import { augmentKernels } from "./augment.ts";
import { batchNormGradients, batchNormKernels } from "./batch-norm.ts";
import { frozenKernels } from "./frozen.ts";
import { guardKernels } from "./guard.ts";
import { inPlaceKernels } from "./in-place.ts";
import { lossKernels } from "./losses.ts";
import { maskedReluGradients, maskedReluKernels } from "./masked-relu.ts";
import { sgdKernels } from "./sgd.ts";
import { statisticsKernels } from "./statistics.ts";
import { topMaskKernels } from "./top-mask.ts";

/** The kernels that a device has. Our operators have no CUDA implementation: there the composed twins run instead. */
export const fusedFamilies = (device: TorchInfo["device"]): readonly Kernels[] =>
  device === "cpu" ? [inPlaceKernels, ...cpuFamilies] : [inPlaceKernels];

const cpuFamilies: readonly Kernels[] = [
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
];

export const fusedGradients: readonly GradConfig[] = [...batchNormGradients, ...maskedReluGradients];
