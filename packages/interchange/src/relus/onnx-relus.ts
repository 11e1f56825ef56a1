import { storageTypes } from "../checkpoint/dtypes.ts";
import { CheckpointError } from "../checkpoint/errors.ts";
import type { OnnxFile } from "../checkpoint/onnx-file.ts";
import { readTensor, rowMajor, Storage, StoredTensor } from "../checkpoint/tensor.ts";

/**
 * The ReLUs of a graph that we wrote, as our export for PyTorch names them: `<layer>.mask`, one number where the whole layer
 * keeps or drops its ReLUs, and `<layer>.polynomial`. None of anybody else's graph.
 */
export function onnxRelus({ nodes, constants, metadata }: OnnxFile): Map<string, StoredTensor> {
  if (!metadata.has("model")) return new Map();
  const found = new Map<string, StoredTensor>();
  const valuesOf = (name: string) => {
    const tensor = constants.get(name);
    if (!tensor) throw new CheckpointError(`the ONNX file lacks "${name}"; export it again`);
    return { ...readTensor(name, tensor), tensor };
  };
  const within = (name: string) => nodes.get(name.slice(0, name.lastIndexOf(".")))?.op === "Where";
  for (const [name, { op }] of nodes) {
    if (within(name)) continue; // a part of what a polynomial layer computes
    if (op === "Relu") found.set(`${name}.mask`, floats([1], [1]));
    if (op === "Identity") found.set(`${name}.mask`, floats([1], [0]));
    if (op === "Max") {
      const { shape, values } = valuesOf(`${name}.lower`);
      found.set(
        `${name}.mask`,
        floats(
          shape,
          Array.from(values, (lower) => (lower === 0 ? 1 : 0)),
        ),
      );
    }
    if (op !== "Where") continue;
    found.set(`${name}.mask`, valuesOf(`${name}.mask`).tensor);
    const coefficients = [0, 1, 2].map((power) => Array.from(valuesOf(`${name}.c${power}`).values));
    found.set(`${name}.polynomial`, floats([3, coefficients[0]?.length ?? 0], coefficients.flat()));
  }
  return found;
}

function floats(shape: readonly number[], values: readonly number[]): StoredTensor {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  const storage = new Storage("", "torch.FloatStorage", storageTypes.get("torch.FloatStorage"), values.length);
  storage.bytes = bytes;
  return new StoredTensor(storage, 0, shape, rowMajor(shape));
}
