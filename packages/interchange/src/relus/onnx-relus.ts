import { CheckpointError } from "../checkpoint/errors.ts";
import type { OnnxFile } from "../checkpoint/onnx-file.ts";
import { readTensor, type StoredTensor, storedFloats } from "../checkpoint/tensor.ts";

/**
 * The ReLUs of a graph that we wrote, as our export for PyTorch names them: `<layer>.mask`, one number where the whole layer
 * keeps or drops its ReLUs, and `<layer>.polynomial`. None of anybody else's graph.
 */
export function onnxRelus({ nodes, constant, isOurs }: OnnxFile): Map<string, StoredTensor> {
  if (!isOurs) return new Map();
  const found = new Map<string, StoredTensor>();
  const valuesOf = (name: string) => {
    const tensor = constant(name);
    if (!tensor) throw new CheckpointError(`the ONNX file lacks "${name}"; export it again`);
    return { ...readTensor(name, tensor), tensor };
  };
  const chosen = new Set(nodes.flatMap(({ name, op }) => (op === "Where" ? [name] : [])));
  for (const { name, op } of nodes) {
    if (chosen.has(name.slice(0, name.lastIndexOf(".")))) continue; // a part of what a polynomial layer computes
    if (op === "Relu") found.set(`${name}.mask`, storedFloats([1], [1]));
    if (op === "Identity") found.set(`${name}.mask`, storedFloats([1], [0]));
    if (op === "Max") {
      const { shape, values } = valuesOf(`${name}.lower`);
      found.set(
        `${name}.mask`,
        storedFloats(
          shape,
          Array.from(values, (lower) => (lower === 0 ? 1 : 0)),
        ),
      );
    }
    if (op !== "Where") continue;
    found.set(`${name}.mask`, valuesOf(`${name}.mask`).tensor);
    const coefficients = [0, 1, 2].map((power) => Array.from(valuesOf(`${name}.c${power}`).values));
    found.set(`${name}.polynomial`, storedFloats([3, coefficients[0]?.length ?? 0], coefficients.flat()));
  }
  return found;
}
