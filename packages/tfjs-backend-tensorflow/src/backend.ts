/** What is used here of TensorFlow's backend for Node, whose own types are not there where this is compiled. */
import type { DataId, DataType, KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs-core";

/** An attribute of an operator. */
export interface Attribute {
  name: string;
  /** `TF_ATTR_…` of the binding. */
  type: number;
  value: number | boolean | string | readonly number[];
}

export interface TensorflowBackend extends KernelBackend {
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_TYPE: number;
  };
  /** Whether TensorFlow found a GPU that it can use. */
  readonly isUsingGpuDevice: boolean;
  getDTypeInteger(dtype: DataType): number;
  incRef(dataId: DataId): void;
  executeMultipleOutputs(
    operator: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
}
