/** TensorFlow's operators, as kernels are written in them. */
import {
  type DataType,
  getKernel,
  type NamedAttrMap,
  registerKernel,
  type Tensor,
  type TensorInfo,
  tidy,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import type { Attribute, TensorflowBackend } from "./backend.ts";

/** By name, as TensorFlow's documentation of an operator lists them. */
export type Attributes = Readonly<Record<string, AttributeValue>>;
type AttributeValue =
  | string
  | boolean
  | { type: DataType }
  | { int: number }
  | { ints: readonly number[] }
  | { float: number };

export class Operators {
  private readonly backend: TensorflowBackend;

  constructor(backend: TensorflowBackend) {
    this.backend = backend;
  }

  get onGpu(): boolean {
    return this.backend.isUsingGpuDevice;
  }

  /** Runs an operator with one result. */
  run(operator: string, inputs: readonly TensorInfo[], attributes: Attributes): Tensor {
    return this.runMany(1, operator, inputs, attributes)[0] as Tensor;
  }

  /** Runs an operator with `count` results. */
  runMany(count: number, operator: string, inputs: readonly TensorInfo[], attributes: Attributes): Tensor[] {
    const named = Object.entries(attributes).map(([name, value]) => this.attribute(name, value));
    return this.backend.executeMultipleOutputs(operator, named, inputs, count);
  }

  private attribute(name: string, value: AttributeValue): Attribute {
    const { binding } = this.backend;
    if (typeof value === "string") return { name, type: binding.TF_ATTR_STRING, value };
    if (typeof value === "boolean") return { name, type: binding.TF_ATTR_BOOL, value };
    if ("int" in value) return { name, type: binding.TF_ATTR_INT, value: value.int };
    if ("ints" in value) return { name, type: binding.TF_ATTR_INT, value: value.ints };
    if ("float" in value) return { name, type: binding.TF_ATTR_FLOAT, value: value.float };
    return { name, type: binding.TF_ATTR_TYPE, value: this.backend.getDTypeInteger(value.type) };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js types inputs and attributes by kernel name, not statically
type Named = any;
/** What it does not return is freed. */
export type Kernel = (operators: Operators, inputs: Named, attrs: Named) => Tensor | Tensor[];
export type Kernels = Readonly<Record<string, Kernel>>;

/** Registers kernels for the backend named "tensorflow", in place of those that it has. */
export function registerKernels(backend: TensorflowBackend, kernels: Kernels): void {
  const operators = new Operators(backend);
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (getKernel(kernelName, "tensorflow")) unregisterKernel(kernelName, "tensorflow");
    registerKernel({
      kernelName,
      backendName: "tensorflow",
      kernelFunc: ({ inputs, attrs }: { inputs: Named; attrs?: NamedAttrMap }) =>
        tidy(() => kernel(operators, inputs, attrs ?? {})),
    });
  }
}
