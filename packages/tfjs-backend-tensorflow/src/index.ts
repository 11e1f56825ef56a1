/** TensorFlow.js' own backend for Node, built against Python's TensorFlow. */
export { type Added, type AddOptions, addTensorflow } from "./add.ts";
export {
  type Extension,
  registerTensorflowBackend,
  type TensorflowInfo,
  type TensorflowOptions,
  TensorflowUnavailableError,
} from "./load.ts";
export type { Kernel, Kernels, Operators } from "./operators.ts";
export type { Missing, PythonTensorflow } from "./python-tensorflow.ts";
