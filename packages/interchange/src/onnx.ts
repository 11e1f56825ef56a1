import { inputShape, type Mask, type Model, type ModelNode, type NodeOf, onesOf, reluLayers } from "@reluctant/relu";
import { type Polynomial, weightShapes } from "@reluctant/stages";
import onnxProto from "onnx-proto";
import { type Network, toChannelsFirst } from "./network.ts";

const { onnx } = onnxProto;

/** ai.onnx operators of version 17; files of IR version 8, the one released with them. */
const opset = 17;
const irVersion = 8;
const int = onnx.AttributeProto.AttributeType.INT;
const ints = onnx.AttributeProto.AttributeType.INTS;
const float = onnx.AttributeProto.AttributeType.FLOAT;
const float32 = onnx.TensorProto.DataType.FLOAT;

/**
 * The network as an ONNX file: input `images` [batch, 3, h, w], normalized as in training, output `logits` [batch,
 * classes]. Masks are folded in: a partly masked ReLU is max(x, lower) with lower 0 where the ReLU is kept and −∞ where it
 * is not, a layer that keeps all is `Relu`, one that keeps none is nothing. Where removed units compute a polynomial, a mask
 * chooses between it and the ReLU.
 */
export function onnxFile(network: Network): Uint8Array {
  const { model, weights, polynomials } = network;
  const masks = new Map(reluLayers(model).map(({ name }, layer) => [name, network.masks?.[layer] ?? null]));
  const written = model.nodes.map((node) =>
    writeNode(node, { mask: masks.get(node.name) ?? null, polynomial: polynomials.get(node.name) ?? null }),
  );
  const [height, width, channels] = inputShape(model);
  const graph = onnx.GraphProto.create({
    name: model.name,
    input: [valueInfo("images", ["batch", channels, height, width])],
    output: [valueInfo("logits", ["batch", model.classes])],
    node: named(
      model,
      written.flatMap(({ nodes }) => nodes),
    ),
    initializer: [
      ...[...weightShapes(model)].map(([name, shape]) =>
        initializer(name, shape, weights.get(name)?.values as Float32Array),
      ),
      ...written.flatMap(({ constants }) => constants),
    ],
  });
  const metadata = {
    model: model.name,
    side: String(height),
    reluCount: String(network.reluCount),
  };
  const file = onnx.ModelProto.create({
    irVersion,
    producerName: "reluctant",
    opsetImport: [{ domain: "", version: opset }],
    graph,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  return onnx.ModelProto.encode(file).finish();
}

type Node = ReturnType<typeof operator>;
type Constant = ReturnType<typeof initializer>;
interface Written {
  nodes: Node[];
  constants: Constant[];
}

interface Kept {
  /** Null where every unit keeps its ReLU. */
  mask: Mask | null;
  /** [3, c]; null where the others compute the identity. */
  polynomial: Polynomial | null;
}

function writeNode(node: ModelNode, { mask, polynomial }: Kept): Written {
  const only = (...nodes: Node[]): Written => ({ nodes, constants: [] });
  const parts = (...names: string[]) => names.map((part) => `${node.name}.${part}`);
  switch (node.op) {
    case "input":
      return only();
    case "conv": {
      const weights = node.bias ? parts("weight", "bias") : parts("weight");
      return only(operator("Conv", node.name, [node.from, ...weights], window(node, node.kernel >> 1)));
    }
    case "batch-norm": {
      const inputs = [node.from, ...parts("weight", "bias", "running_mean", "running_var")];
      return only(operator("BatchNormalization", node.name, inputs, [{ name: "epsilon", type: float, f: 1e-5 }]));
    }
    case "relu":
      if (mask && polynomial) return polynomialRelu(node, mask, polynomial);
      return mask ? maskedRelu(node, mask) : only(operator("Relu", node.name, [node.from]));
    case "add":
      return only(operator("Add", node.name, [node.from, node.with]));
    case "max-pool":
      return only(operator("MaxPool", node.name, [node.from], window(node, node.padding)));
    case "pad-channels": {
      const pads = int64s(`${node.name}.pads`, [0, node.before, 0, 0, 0, node.after, 0, 0]);
      return { nodes: [operator("Pad", node.name, [node.from, pads.name as string])], constants: [pads] };
    }
    case "global-average-pool":
      return only(
        operator("GlobalAveragePool", `${node.name}.pooled`, [node.from]),
        operator("Flatten", node.name, [`${node.name}.pooled`]),
      );
    case "dense": {
      const transposed = [{ name: "transB", type: int, i: 1 }];
      return only(operator("Gemm", node.name, [node.from, ...parts("weight", "bias")], transposed));
    }
  }
}

/** mask ? relu(x) : c₀ + x(c₁ + c₂x) */
function polynomialRelu({ name, from, shape }: NodeOf<"relu">, mask: Mask, polynomial: Polynomial): Written {
  const [height, width, channels] = shape;
  const part = (suffix: string) => `${name}.${suffix}`;
  const bits = Uint8Array.from(toChannelsFirst(mask, channels));
  const coefficients = [0, 1, 2].map((power) =>
    initializer(part(`c${power}`), [1, channels, 1, 1], polynomial.slice(power * channels, (power + 1) * channels)),
  );
  return {
    nodes: [
      operator("Relu", part("relu"), [from]),
      operator("Mul", part("square"), [from, part("c2")]),
      operator("Add", part("slope"), [part("square"), part("c1")]),
      operator("Mul", part("product"), [from, part("slope")]),
      operator("Add", part("value"), [part("product"), part("c0")]),
      operator("Where", name, [part("mask"), part("relu"), part("value")]),
    ],
    constants: [booleans(part("mask"), [1, channels, height, width], bits), ...coefficients],
  };
}

function maskedRelu({ name, from, shape }: NodeOf<"relu">, mask: Mask): Written {
  const kept = onesOf(mask);
  if (kept === 0) return { nodes: [operator("Identity", name, [from])], constants: [] };
  if (kept === mask.length) return { nodes: [operator("Relu", name, [from])], constants: [] };
  const [height, width, channels] = shape;
  const lower = toChannelsFirst(mask, channels).map((kept) => (kept ? 0 : Number.NEGATIVE_INFINITY));
  return {
    nodes: [operator("Max", name, [from, `${name}.lower`])],
    constants: [initializer(`${name}.lower`, [1, channels, height, width], lower)],
  };
}

/** The graph's border is called by its own names; within, a value is called as the model's node that makes it. */
function named(model: Model, nodes: Node[]): Node[] {
  const border = new Map([
    [model.nodes[0]?.name, "images"],
    [model.nodes.at(-1)?.name, "logits"],
  ]);
  const rename = (name: string) => border.get(name) ?? name;
  return nodes.map((node) => ({ ...node, input: node.input?.map(rename), output: node.output?.map(rename) }) as Node);
}

function window({ kernel, stride }: { kernel: number; stride: number }, padding: number): Attribute[] {
  return [
    { name: "kernel_shape", type: ints, ints: [kernel, kernel] },
    { name: "strides", type: ints, ints: [stride, stride] },
    { name: "pads", type: ints, ints: [padding, padding, padding, padding] },
  ];
}

type Attribute = { name: string; type: number; i?: number; ints?: number[]; f?: number };

const operator = (opType: string, name: string, input: string[], attribute: Attribute[] = []) =>
  onnx.NodeProto.create({ opType, name, input, output: [name], attribute });

const initializer = (name: string, dims: readonly number[], values: Float32Array) =>
  onnx.TensorProto.create({
    name,
    dims: [...dims],
    dataType: float32,
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  });

const booleans = (name: string, dims: readonly number[], rawData: Uint8Array) =>
  onnx.TensorProto.create({ name, dims: [...dims], dataType: onnx.TensorProto.DataType.BOOL, rawData });

const int64s = (name: string, values: readonly number[]) =>
  onnx.TensorProto.create({
    name,
    dims: [values.length],
    dataType: onnx.TensorProto.DataType.INT64,
    rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
  });

const valueInfo = (name: string, dims: readonly (string | number)[]) => ({
  name,
  type: {
    tensorType: {
      elemType: float32,
      shape: { dim: dims.map((dim) => (typeof dim === "string" ? { dimParam: dim } : { dimValue: dim })) },
    },
  },
});
