/** For tests only: the operators for CUDA, rehearsed on the CPU (native/cuda/rehearsal). */
import { fileURLToPath } from "node:url";
import { type Extension, type Kernels, op, scalarType } from "@reluctant/tfjs-backend-torch/extension";
import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { runKernel } from "./dispatch.ts";

/** Without optimization that takes longer than the tests; without FMA, as NVRTC is told. */
const flags = ["-O1", "-ffp-contract=off"];

/** The extension on the operators for CUDA in place of those for the CPU. A process loads one of them. */
export const rehearsalOf = (extension: Extension): Extension => ({
  ...extension,
  library: {
    file: "training_ops_rehearsed.so",
    sources: fileURLToPath(new URL("../native", import.meta.url)),
    units: [{ source: "cuda/rehearsal/operators.cc", flags }],
  },
  devices: ["cpu"],
  kernels: [...extension.kernels, kernels],
  gradients: [...extension.gradients, { kernelName: "RehearseStored", gradFunc: (dy) => ({ x: () => dy as Tensor }) }],
});

const toType = op("to.dtype");
const blockSize = 256;

const kernels: Kernels = {
  RehearseStored: (torch, { x }) => torch.tensor(torch.call(toType, x, scalarType.bfloat16), x.shape, "float32"),
  RehearseKernel: (torch, _, { kernel }) =>
    torch.tensor(torch.call("training_ops::rehearsed", kernel), [blockSize], "float32"),
  RehearseCompiled: (torch, _, { library, capability, source, path }) =>
    torch.tensor(torch.call("training_ops::compiled", library, capability, source, path), [], "float32"),
};

/** x stored as bfloat16, with its gradient, on any processor. */
export const stored = <T extends Tensor>(x: T): T => runKernel("RehearseStored", { x })[0] as T;

/** What a kernel of native/cuda/rehearsal/faults.h leaves of one block, a number a thread. */
export const rehearseKernel = (kernel: string): Tensor => runKernel("RehearseKernel", {}, { kernel })[0] as Tensor;

export interface Compilation {
  /** NVRTC's file. */
  library: string;
  /** As 90 for compute capability 9.0. */
  capability: number;
  /** Default: the kernels. */
  source?: string;
  /** Of the files that are written: PATH.cubin and PATH.log, what NVRTC says of each kernel. */
  path: string;
}

/** Compiles the kernels as it is done on a machine with a GPU. @throws Error with NVRTC's log */
export function compileKernels({ source = "", ...compilation }: Compilation): void {
  engine().tidy(() => runKernel("RehearseCompiled", {}, { ...compilation, source }));
}
