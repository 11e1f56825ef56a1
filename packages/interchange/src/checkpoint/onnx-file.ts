import onnxProto from "onnx-proto";
import { statedIn } from "../stated-network.ts";
import { onnxDtypes } from "./dtypes.ts";
import { CheckpointError, quoted } from "./errors.ts";
import { type Operation, requireKnownOperators } from "./onnx-operators.ts";
import { readTensor, rowMajor, Storage, StoredTensor, storedFloats } from "./tensor.ts";

/** What an ONNX file says of a network's weights, in the order of its graph. */
export interface OnnxFile {
  tensors: Map<string, StoredTensor>;
  nodes: readonly Operation[];
  /** Undefined where there is no such initializer. @throws CheckpointError where there is one that is not read */
  constant(name: string): StoredTensor | undefined;
  metadata: ReadonlyMap<string, string>;
  /** Whether its metadata are those that `onnxFile` writes, so that its masks are known. */
  isOurs: boolean;
  counts: GraphCounts;
}

/** Layers without weights that a graph computes. */
export interface GraphCounts {
  relus: number;
  /** Of windows of more than one position: others only leave positions out. */
  maxPools: number;
}

type Model = ReturnType<typeof onnxProto.onnx.ModelProto.decode>;
type Graph = NonNullable<Model["graph"]>;
type Node = NonNullable<Graph["node"]>[number];
type Initializer = NonNullable<Graph["initializer"]>[number];

/** Which inputs of a node are weights, by what it computes. */
const weightInputs: Readonly<Record<string, number>> = { Conv: 1, BatchNormalization: 1, Gemm: 1 };

/** A message of protocol buffers begins with its first field: the version of ONNX' own format. */
export const isOnnx = (file: Uint8Array): boolean => file[0] === 0x08 && (file[1] as number) < 0x20;

/** @throws CheckpointError naming the tensor or the node */
export function readOnnx(file: Uint8Array): OnnxFile {
  const { graph, metadataProps } = decoded(file);
  const initializers = byName(graph?.initializer ?? []);
  const written = graph?.node ?? [];
  const nodes = written.map(operationOf);
  const metadata = new Map((metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
  const isOurs = statedIn(metadata) !== undefined && metadata.has("reluCount");
  if (!isOurs) requireKnownOperators(nodes, initializers.keys());
  const constant = (name: string) => {
    const initializer = initializers.get(name);
    return initializer && tensorOf(name, initializer);
  };
  const tensors = new Map(written.flatMap((node) => weightsOf(node, constant)));
  if (tensors.size === 0) throw new CheckpointError("the ONNX file holds no weights of convolutions or dense layers");
  const counts = { relus: nodes.filter(({ op }) => op === "Relu").length, maxPools: written.filter(isMaxPool).length };
  return { tensors, nodes, constant, metadata, isOurs, counts };
}

function decoded(file: Uint8Array): Model {
  try {
    return onnxProto.onnx.ModelProto.decode(file);
  } catch {
    throw new CheckpointError("not an ONNX file, or a damaged one; copy it again");
  }
}

function byName(initializers: readonly Initializer[]): Map<string, Initializer> {
  const named = new Map<string, Initializer>();
  for (const initializer of initializers) {
    const name = initializer.name ?? "";
    if (named.has(name)) throw new CheckpointError(`the ONNX file has tensor ${quoted(name)} twice`);
    named.set(name, initializer);
  }
  return named;
}

const operationOf = ({ name, opType, input, output }: Node): Operation => ({
  name: name || (output?.[0] ?? ""),
  op: opType ?? "",
  inputs: input ?? [],
  outputs: output ?? [],
});

const isMaxPool = ({ opType, attribute }: Node): boolean =>
  opType === "MaxPool" &&
  (attribute ?? []).some(
    ({ name, ints }) => name === "kernel_shape" && (ints ?? []).some((extent) => Number(extent) > 1),
  );

function weightsOf(node: Node, constant: OnnxFile["constant"]): [string, StoredTensor][] {
  const { opType, input, attribute } = node;
  const first = weightInputs[opType ?? ""];
  const names = first === undefined ? [] : (input ?? []).slice(first);
  const isTransposed = (attribute ?? []).some(({ name, i }) => name === "transB" && Number(i) === 1);
  if (opType === "Gemm" && !isTransposed)
    throw new CheckpointError(
      `the dense layer of ${quoted(names[0] ?? "?")} is laid out [in, out]; export it from PyTorch`,
    );
  const variance = opType === "BatchNormalization" ? names[3] : undefined;
  return names.flatMap((name): [string, StoredTensor][] => {
    const tensor = constant(name);
    if (!tensor) return [];
    return [[name, name === variance ? withOurEpsilon(node, name, tensor) : tensor]];
  });
}

/** What batch norms here add to a variance, as those of PyTorch do; ONNX has it in float32. */
const ourEpsilon = Math.fround(1e-5);

/** The variance by which a batch norm of another epsilon computes the same with ours. */
function withOurEpsilon({ attribute, name: node }: Node, name: string, variance: StoredTensor): StoredTensor {
  const epsilon = (attribute ?? []).find((each) => each.name === "epsilon")?.f ?? ourEpsilon;
  if (epsilon === ourEpsilon) return variance;
  const { shape, values } = readTensor(name, variance);
  const moved = Array.from(values, (value) => value + (epsilon - ourEpsilon));
  if (moved.some((value) => value < 0))
    throw new CheckpointError(
      `batch norm ${quoted(node ?? "")} has epsilon ${epsilon.toPrecision(3)}, networks here 1e-5, and the variance ${quoted(name)} is too small to make up for it`,
    );
  return storedFloats(shape, moved);
}

/** Fields of values by type; ONNX' own library writes `raw_data` instead, whatever the type. */
const otherFields = {
  int32Data: "int32_data",
  int64Data: "int64_data",
  uint64Data: "uint64_data",
  doubleData: "double_data",
  floatData: "float_data",
} as const satisfies Partial<Record<keyof Initializer, string>>;

function tensorOf(name: string, initializer: Initializer): StoredTensor {
  const { dims, dataType, rawData, floatData, dataLocation, externalData } = initializer;
  if (dataLocation || (externalData ?? []).length > 0)
    throw new CheckpointError(`tensor ${quoted(name)} lies in another file; save the network with its weights inside`);
  const dtype = onnxDtypes.get(dataType ?? 0);
  const isFloats = dataType === 1 && (rawData ?? []).length === 0;
  const bytes = isFloats ? new Uint8Array(Float32Array.from(floatData ?? []).buffer) : (rawData ?? new Uint8Array());
  const fields = Object.entries(otherFields) as [keyof typeof otherFields, string][];
  const other = fields.find(([field]) => (initializer[field] ?? []).length > 0);
  if (bytes.length === 0 && other)
    throw new CheckpointError(
      `tensor ${quoted(name)} of data type ${dataType} has its values in ${other[1]}, which is not read; write them as raw_data, or as float32`,
    );
  const storage = new Storage(name, `data type ${dataType}`, dtype, Math.floor(bytes.length / (dtype?.bytes ?? 1)));
  storage.bytes = bytes;
  const shape = (dims ?? []).map(Number);
  const tensor = new StoredTensor(storage, 0, shape, rowMajor(shape));
  if (dtype && tensor.size * dtype.bytes !== bytes.length)
    throw new CheckpointError(`tensor ${quoted(name)} has ${bytes.length} bytes for its shape [${shape}]`);
  return tensor;
}
