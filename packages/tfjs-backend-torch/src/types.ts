/**
 * Which kernels take strings and complex numbers. Strings stay in JavaScript: kernels that move or compare elements are
 * given numbers in their place, each string's place among all strings at hand, in order of their bytes.
 */
import type { DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Torch } from "./aten.ts";

const moving = new Set([
  "Concat",
  "ExpandDims",
  "GatherNd",
  "GatherV2",
  "Pack",
  "Reverse",
  "Select",
  "Slice",
  "SparseToDense",
  "SplitV",
  "StridedSlice",
  "TensorScatterUpdate",
  "Tile",
  "Transpose",
  "Unpack",
]);
const comparing = new Set(["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"]);
const ofComplex = new Set([
  ...moving,
  ...["Add", "Sub", "Multiply", "RealDiv", "Neg", "Square", "Sum", "BatchMatMul", "Equal", "NotEqual"],
  ...["Cast", "Identity", "Reshape", "PadV2", "ScatterNd", "ZerosLike", "OnesLike"],
  ...["Real", "Imag", "ComplexAbs", "FFT", "IFFT"],
]);

/** The kernel, made to refuse complex numbers that it has no use for, and fit for strings if that makes sense. */
export function withTypes(name: string, kernel: Kernel): Kernel {
  const takesComplex = ofComplex.has(name);
  const takesStrings = moving.has(name) || comparing.has(name);
  return (torch, inputs: Record<string, TensorInfo>, attrs) => {
    if (!takesComplex && some(inputs, "complex64")) {
      throw new Error(`${name} takes no complex64 tensors on the torch backend`);
    }
    return takesStrings && some(inputs, "string")
      ? onStrings(name, kernel, torch, inputs, attrs)
      : kernel(torch, inputs, attrs);
  };
}

function some(inputs: Record<string, TensorInfo>, dtype: DataType): boolean {
  for (const key in inputs) if (inputs[key]?.dtype === dtype) return true;
  return false;
}

function onStrings(name: string, kernel: Kernel, torch: Torch, inputs: Record<string, TensorInfo>, attrs: object) {
  const { numbered, words } = numberStrings(torch, inputs);
  try {
    const result = kernel(torch, numbered, attrs);
    if (comparing.has(name)) return result;
    return Array.isArray(result) ? result.map((x) => spell(torch, x, words)) : spell(torch, result, words);
  } finally {
    for (const [key, x] of Object.entries(numbered)) if (x !== inputs[key]) torch.backend.disposeData(x.dataId);
  }
}

/** The inputs with int32 numbers for strings, and the strings by number. */
function numberStrings(torch: Torch, inputs: Record<string, TensorInfo>) {
  const texts = new Map<string, string[]>();
  for (const [key, x] of Object.entries(inputs)) {
    if (x?.dtype !== "string") continue;
    const strings = torch.backend.readSync(x.dataId) as Uint8Array[];
    // one character a byte, whatever the bytes mean
    const text = strings.map((bytes) => Buffer.from(bytes).toString("latin1"));
    texts.set(key, text);
  }
  const words = [...new Set([...texts.values()].flat())].sort();
  const numbers = new Map(words.map((word, i) => [word, i]));
  const numbered = { ...inputs };
  for (const [key, list] of texts) {
    const { shape } = inputs[key] as TensorInfo;
    const values = Int32Array.from(list, (text) => numbers.get(text) as number);
    numbered[key] = { dataId: torch.backend.write(values, shape, "int32"), shape, dtype: "int32" };
  }
  return { numbered, words };
}

/** The string tensor that a tensor of numbers stands for. */
function spell(torch: Torch, x: TensorInfo, words: string[]): TensorInfo {
  try {
    const numbers = torch.backend.readSync(x.dataId) as Int32Array;
    const strings = Array.from(numbers, (i) => new Uint8Array(Buffer.from(words[i] as string, "latin1")));
    return { dataId: torch.backend.write(strings, x.shape, "string"), shape: x.shape, dtype: "string" };
  } finally {
    torch.backend.disposeData(x.dataId);
  }
}
