import onnxProto from "onnx-proto";
import { onnxDtypes } from "./dtypes.ts";
import { CheckpointError, quoted } from "./errors.ts";
import { rowMajor, Storage, StoredTensor } from "./tensor.ts";

/** What an ONNX file says of a network's weights, in the order of its graph. */
export interface OnnxFile {
  tensors: Map<string, StoredTensor>;
  /** By the name of what a node makes. */
  nodes: ReadonlyMap<string, { op: string; inputs: readonly string[] }>;
  /** Every initializer, weights or not. */
  constants: ReadonlyMap<string, StoredTensor>;
  metadata: ReadonlyMap<string, string>;
}

type Model = ReturnType<typeof onnxProto.onnx.ModelProto.decode>;
type Node = NonNullable<NonNullable<Model["graph"]>["node"]>[number];

/** Which inputs of a node are weights, by what it computes. */
const weightInputs: Readonly<Record<string, number>> = { Conv: 1, BatchNormalization: 1, Gemm: 1 };

/** A message of protocol buffers begins with its first field: the version of ONNX' own format. */
export const isOnnx = (file: Uint8Array): boolean => file[0] === 0x08 && (file[1] as number) < 0x20;

/** @throws CheckpointError naming the tensor or the node */
export function readOnnx(file: Uint8Array): OnnxFile {
  const { graph, metadataProps } = decoded(file);
  const initializers = graph?.initializer ?? [];
  const constants = new Map<string, StoredTensor>();
  for (const initializer of initializers) {
    const name = initializer.name ?? "";
    if (constants.has(name)) throw new CheckpointError(`the ONNX file has tensor ${quoted(name)} twice`);
    constants.set(name, tensorOf(name, initializer));
  }
  const nodes = graph?.node ?? [];
  const tensors = new Map(nodes.flatMap((node) => weightsOf(node, constants)));
  if (tensors.size === 0) throw new CheckpointError("the ONNX file holds no weights of convolutions or dense layers");
  return {
    tensors,
    constants,
    nodes: new Map(
      nodes.map(({ name, output, opType, input }) => [
        name || (output?.[0] ?? ""),
        { op: opType ?? "", inputs: input ?? [] },
      ]),
    ),
    metadata: new Map((metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""])),
  };
}

function decoded(file: Uint8Array): Model {
  try {
    return onnxProto.onnx.ModelProto.decode(file);
  } catch {
    throw new CheckpointError("not an ONNX file, or a damaged one; copy it again");
  }
}

function weightsOf({ opType, input, attribute }: Node, constants: ReadonlyMap<string, StoredTensor>) {
  const first = weightInputs[opType ?? ""];
  const names = first === undefined ? [] : (input ?? []).slice(first);
  const isTransposed = (attribute ?? []).some(({ name, i }) => name === "transB" && Number(i) === 1);
  if (opType === "Gemm" && !isTransposed)
    throw new CheckpointError(
      `the dense layer of ${quoted(names[0] ?? "?")} is laid out [in, out]; export it from PyTorch`,
    );
  return names.flatMap((name): [string, StoredTensor][] => {
    const tensor = constants.get(name);
    return tensor ? [[name, tensor]] : [];
  });
}

type Initializer = NonNullable<NonNullable<Model["graph"]>["initializer"]>[number];

function tensorOf(
  name: string,
  { dims, dataType, rawData, floatData, dataLocation, externalData }: Initializer,
): StoredTensor {
  if (dataLocation || (externalData ?? []).length > 0)
    throw new CheckpointError(`tensor ${quoted(name)} lies in another file; save the network with its weights inside`);
  const dtype = onnxDtypes.get(dataType ?? 0);
  const isFloats = dataType === 1 && (rawData ?? []).length === 0;
  const bytes = isFloats ? new Uint8Array(Float32Array.from(floatData ?? []).buffer) : (rawData ?? new Uint8Array());
  const storage = new Storage(name, `data type ${dataType}`, dtype, Math.floor(bytes.length / (dtype?.bytes ?? 1)));
  storage.bytes = bytes;
  const shape = (dims ?? []).map(Number);
  const tensor = new StoredTensor(storage, 0, shape, rowMajor(shape));
  if (dtype && tensor.size * dtype.bytes !== bytes.length)
    throw new CheckpointError(`tensor ${quoted(name)} has ${bytes.length} bytes for its shape [${shape}]`);
  return tensor;
}
