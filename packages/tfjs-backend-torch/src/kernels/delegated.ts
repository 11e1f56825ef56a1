/**
 * Kernels that TensorFlow.js' own cpu backend computes: their work is on strings, on ragged or sparse bookkeeping, or
 * on decisions one by one, where ATen has no operator. None has a gradient. Inputs and results are copied.
 */
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import { getKernel, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Kernels, Torch } from "../aten.ts";

export const delegatedKernels = [
  "CropAndResize",
  "MaxPoolWithArgmax",
  "Multinomial",
  "NonMaxSuppressionV3",
  "NonMaxSuppressionV4",
  "NonMaxSuppressionV5",
  "RaggedGather",
  "RaggedRange",
  "RaggedTensorToTensor",
  "RotateWithOffset",
  "SparseFillEmptyRows",
  "SparseReshape",
  "SparseSegmentMean",
  "SparseSegmentSum",
  "StaticRegexReplace",
  "StringNGrams",
  "StringSplit",
  "StringToHashBucketFast",
  "Transform",
  "Unique",
] as const;

type Inputs = Record<string, TensorInfo | TensorInfo[] | undefined>;

const delegate =
  (name: string): Kernel =>
  (torch, inputs: Inputs, attrs: NamedAttrMap) => {
    const cpu = new MathBackendCPU();
    const toHost = (x: TensorInfo) => cpu.makeTensorInfo(x.shape, x.dtype, torch.backend.readSync(x.dataId) as never);
    const hosted = Object.fromEntries(
      Object.entries(inputs).map(([key, x]) => [key, Array.isArray(x) ? x.map(toHost) : x && toHost(x)]),
    ) as NamedTensorInfoMap;
    const result = kernelOf(name)({ inputs: hosted, attrs, backend: cpu });
    const fromHost = (x: TensorInfo) => fromCpu(torch, cpu, x);
    return Array.isArray(result) ? result.map(fromHost) : fromHost(result);
  };

function kernelOf(name: string) {
  const kernel = getKernel(name, "cpu");
  if (!kernel) throw new Error(`TensorFlow.js' cpu backend has no kernel ${name}`);
  return kernel.kernelFunc;
}

function fromCpu(torch: Torch, cpu: MathBackendCPU, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  return { dataId: torch.backend.write(cpu.readSync(dataId), shape, dtype), shape, dtype };
}

export const delegated: Kernels = Object.fromEntries(delegatedKernels.map((name) => [name, delegate(name)]));
