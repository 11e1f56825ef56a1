/** Fused operations run as one kernel where the current backend has it, and as their composed twin elsewhere. */
import {
  engine,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from "@tensorflow/tfjs-core";

export const hasKernel = (name: string): boolean => getKernel(name, getBackend()) != null;

/** Runs a kernel that TensorFlow.js has no operation for; recorded for gradients like any other. */
export function runKernel(name: string, inputs: NamedTensorMap, attrs: object = {}): Tensor[] {
  const result = engine().runKernel(name, inputs, attrs as NamedAttrMap) as Tensor | Tensor[];
  return Array.isArray(result) ? result : [result];
}
