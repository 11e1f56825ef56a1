import { type NamedAttrMap, type NamedTensorInfoMap, registerKernel } from "@tensorflow/tfjs-core";
import type { Kernels, Torch } from "./aten.ts";
import { withTypes } from "./types.ts";

/** Registers a family of kernels for the backend named "torch". */
export function registerKernels(torch: Torch, kernels: Kernels): void {
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    const run = withTypes(kernelName, kernel);
    registerKernel({
      kernelName,
      backendName: "torch",
      kernelFunc: ({ inputs, attrs }: { inputs: NamedTensorInfoMap; attrs?: NamedAttrMap }) =>
        torch.scope(() => run(torch, inputs, attrs ?? {})),
    });
  }
}
