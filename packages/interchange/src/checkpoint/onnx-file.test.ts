import { type Model, models, reluLayers } from "@reluctant/relu";
import { encodeStudent, encodeWeights, initialWeights } from "@reluctant/stages";
import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { importNetwork } from "../import.ts";
import { readNetwork } from "../network.ts";
import { onnxFile } from "../onnx.ts";

const { onnx } = onnxProto;
type Graph = ReturnType<typeof onnx.GraphProto.decode>;
type Node = Graph["node"][number];
type Tensor = Graph["initializer"][number];

const resnet8 = models.resnet8?.build([32, 32, 3], 10) as Model;
const weights = initialWeights(resnet8, 1);
const choice = { model: "resnet8", side: 32, classes: 10 };
const layers = reluLayers(resnet8);

/** An artifact's export as a graph of somebody else, who has changed something. */
function foreign(artifact: Uint8Array, change: (graph: Graph) => void = () => {}) {
  const file = onnx.ModelProto.decode(onnxFile(readNetwork(artifact)));
  file.metadataProps = [];
  change(file.graph as Graph);
  return { bytes: onnx.ModelProto.encode(file).finish() };
}
const allRelu = encodeWeights(resnet8, weights);
const found = <T extends { name?: string | null }>(all: readonly T[], name: string): T => {
  const one = all.find((each) => each.name === name);
  if (!one) throw new Error(`there is no ${name}`);
  return one;
};
const imported = (change?: (graph: Graph) => void) => importNetwork(foreign(allRelu, change), choice);
const valuesOf = (bytes: Uint8Array, name: string) => readNetwork(bytes).weights.get(name)?.values;

describe("an ONNX graph of somebody else", () => {
  it("comes in where it computes what a model here does", () => {
    expect(Buffer.compare(imported().weights, allRelu)).toBe(0);
    expect(imported().masks).toBeNull();
  });

  it.each(["LeakyRelu", "PRelu", "Sigmoid", "HardSwish", "Clip", ""])("is refused with %s for a ReLU", (op) => {
    const change = ({ node }: Graph) => {
      found<Node>(node, "layer1.0.relu1").opType = op;
    };
    expect(() => imported(change)).toThrow(`node "layer1.0.relu1" computes "${op}", which no model here does`);
  });

  it("is refused with fewer ReLUs than the model, or other pools", () => {
    const dropped = ({ node }: Graph) => {
      found<Node>(node, "layer1.0.relu1").opType = "Identity";
    };
    expect(() => imported(dropped)).toThrow(/graph has 6 and 0, a resnet8 7 and 0: it is another function/);
    const pooled = ({ node }: Graph) => {
      const kernel = { name: "kernel_shape", type: 7, ints: [2, 2] };
      node.push(onnx.NodeProto.create({ opType: "MaxPool", input: ["logits"], output: ["more"], attribute: [kernel] }));
    };
    expect(() => imported(pooled)).toThrow(/graph has 7 and 1, a resnet8 7 and 0/);
  });

  it.each([
    ["half of its ReLUs", new Map(), /computes "Max", which no model here does; if the file is an export of ours/],
    ["polynomials", new Map([["relu1", new Float32Array(48)]]), /computes "Mul", which no model here does/],
  ])("is refused where it is our own without metadata, with %s", (_, polynomials, message) => {
    const masks = layers.map(({ units }) => new Uint8Array(units).fill(1, units >> 1));
    const artifact = encodeStudent(resnet8, weights, masks, polynomials);
    expect(() => importNetwork(foreign(artifact), choice)).toThrow(message);
  });

  it("may compute what it likes of constants and shapes, and hold constants that are no weights", () => {
    const constants = ({ node, initializer }: Graph) => {
      initializer.push(onnx.TensorProto.create({ name: "shape", dims: [2], dataType: 7, int64Data: [1, -1] }));
      node.unshift(
        onnx.NodeProto.create({ opType: "Shape", input: ["images"], output: ["sizes"] }),
        onnx.NodeProto.create({ opType: "Mul", input: ["sizes", "shape"], output: ["product"] }),
        onnx.NodeProto.create({ opType: "Constant", output: ["constant"] }),
        onnx.NodeProto.create({ opType: "Sub", input: ["product", "constant"], output: ["pads"] }),
      );
    };
    expect(Buffer.compare(imported(constants).weights, allRelu)).toBe(0);
  });

  it("has another epsilon taken into the variance, and is refused where that has no room for it", () => {
    const epsilon =
      (value: number) =>
      ({ node }: Graph) => {
        const attribute = found<Node>(node, "bn1").attribute?.[0] as NonNullable<Node["attribute"]>[number];
        attribute.f = value;
      };
    const variance = valuesOf(imported(epsilon(1e-3)).weights, "bn1.running_var");
    expect(variance?.[0]).toBe(Math.fround(1 + (Math.fround(1e-3) - Math.fround(1e-5))));
    expect(valuesOf(imported(epsilon(1e-3)).weights, "layer1.0.bn1.running_var")?.[0]).toBe(1);
    const small = (graph: Graph) => {
      epsilon(1e-12)(graph);
      found<Tensor>(graph.initializer, "bn1.running_var").rawData = new Uint8Array(64); // 16 variances of 0
    };
    expect(() => imported(small)).toThrow(
      /"bn1" has epsilon 1\.00e-12, networks here 1e-5, and the variance "bn1\.run/,
    );
  });

  it("is refused with a weight in a field that is not read, by name", () => {
    const doubles = ({ initializer }: Graph) => {
      const tensor = found<Tensor>(initializer, "fc.bias");
      Object.assign(tensor, { dataType: 11, rawData: new Uint8Array(), doubleData: new Array(10).fill(0) });
    };
    expect(() => imported(doubles)).toThrow(/"fc\.bias" of data type 11 has its values in double_data, which is not/);
  });
});
