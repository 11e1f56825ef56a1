import {
  foldableNorms,
  type Mask,
  type Model,
  type ModelNode,
  type NodeOf,
  reluLayers,
  type Shape,
  size,
  unsupportedNode,
} from "@reluctant/relu";
import { type ConvolutionShape, filterSize } from "./convolution.ts";
import type { LinearWeights, PrivateNetwork, Step, StepOf } from "./network.ts";
import { coefficientWeights, publicCoefficients } from "./quadratic.ts";
import { encode, fractionBits, weightBits } from "./ring.ts";

/** A tensor in PyTorch's layout: filters [out, in, h, w], dense weights [out, in]. */
export interface WeightTensor {
  shape: readonly number[];
  values: ArrayLike<number>;
}

/** A partial-ReLU network as the platform has it: tensors under PyTorch's names, masks in the order of the ReLU layers. */
export interface PartialReluNetwork {
  model: Model;
  tensors: ReadonlyMap<string, WeightTensor>;
  masks: readonly Mask[];
  /** What units without a ReLU compute, by layer: c₀, c₁, c₂ of each channel, [3, channels]; the identity where there is none. */
  polynomials: ReadonlyMap<string, ArrayLike<number>>;
}

/** Thrown for a network that the protocol cannot carry out; says which node, and why. */
export class UnsupportedNetworkError extends Error {
  override name = "UnsupportedNetworkError";
}

/** What a fixed-point weight's magnitude is below: it has 32 bits. */
const maximumWeight = 2 ** 31;

/** What batch norms add to a variance, as PyTorch does. */
const epsilon = 1e-5;

/**
 * A network in fixed point: every batch norm is folded into the convolution before it, then weights are rounded to
 * `weightBits`. ReLUs are garbled for the whole ring until `calibrate` has bounded what enters them.
 */
export function quantize(network: PartialReluNetwork): PrivateNetwork {
  const { model, tensors } = network;
  requireProtocols(model);
  const norms = foldableNorms(model);
  const stepFor = stepsOfModel(network, norms);
  const steps = model.nodes
    .filter(({ op }) => op !== "batch-norm")
    .map(stepFor)
    .flatMap((step) => (step.op === "relu" ? withQuadratics(step, network) : [step]));
  const weights = new Map<string, LinearWeights>();
  for (const step of steps) {
    if (step.op === "linear")
      weights.set(
        step.name,
        inFixedPoint(step.name, realWeights(step.name, step.shape, norms.get(step.name), tensors)),
      );
    if (step.op === "quadratic" && step.coefficients === "secret")
      weights.set(step.name, secretCoefficients(step, network.polynomials.get(step.name) as ArrayLike<number>));
  }
  return { architecture: { name: model.name, steps }, weights };
}

function requireProtocols(model: Model): void {
  const found = unsupportedNode(model);
  if (found) throw new UnsupportedNetworkError(`there is no protocol for "${found.name}", which ${found.why}`);
}

/** A ReLU layer whose other units compute a polynomial: their squares, then the ReLUs, then the polynomial under the layer's name. */
function withQuadratics(relu: StepOf<"relu">, { model, polynomials }: PartialReluNetwork): Step[] {
  const polynomial = polynomials.get(relu.name);
  if (!polynomial || relu.kept.length === relu.size) return [relu];
  const channels = model.nodes.find(({ name }) => name === relu.name)?.shape[2] as number;
  if (polynomial.length !== 3 * channels)
    throw new UnsupportedNetworkError(
      `the polynomials of "${relu.name}" have ${polynomial.length} coefficients where ${3 * channels} are due`,
    );
  const kept = new Set(relu.kept);
  const units = Uint32Array.from([...Array(relu.size).keys()].filter((unit) => !kept.has(unit)));
  const [squares, relus] = [`${relu.name}.square`, `${relu.name}.relu`];
  const isPublic = Array.from(polynomial).every(
    (value, i) => value === Math.fround(publicCoefficients[Math.floor(i / channels)] as number),
  );
  const coefficients = isPublic ? "public" : "secret";
  return [
    { op: "square", name: squares, from: relu.from, units, size: units.length },
    { ...relu, name: relus },
    { op: "quadratic", name: relu.name, from: relus, squares, units, channels, coefficients, size: relu.size },
  ];
}

function secretCoefficients({ name, channels }: StepOf<"quadratic">, polynomial: ArrayLike<number>): LinearWeights {
  try {
    return coefficientWeights(channels, (degree, channel) => polynomial[degree * channels + channel] as number);
  } catch (cause) {
    throw new UnsupportedNetworkError(`a polynomial of "${name}" has a coefficient that is too large, or no number`, {
      cause,
    });
  }
}

/** Turns a node into its step; what read a batch norm reads the convolution that it was folded into. */
function stepsOfModel({ model, masks }: PartialReluNetwork, norms: ReadonlyMap<string, NodeOf<"batch-norm">>) {
  const shapes = new Map(model.nodes.map(({ name, shape }) => [name, shape]));
  const foldedInto = new Map([...norms].map(([conv, { name }]) => [name, conv]));
  const maskOf = new Map(reluLayers(model).map(({ name }, layer) => [name, masks[layer]]));
  const source = (name: string) => foldedInto.get(name) ?? name;
  const linear = (from: string, window: Pick<ConvolutionShape, "kernel" | "stride" | "channelsOut">) => {
    const [height, width, channelsIn] = shapes.get(from) as Shape;
    return {
      op: "linear",
      from: source(from),
      shape: { height, width, channelsIn, padding: window.kernel >> 1, ...window },
    } as const;
  };
  return (node: ModelNode): Step => {
    const { name } = node;
    const at = { name, size: size(node.shape) };
    switch (node.op) {
      case "input":
        return { ...at, op: "input" };
      case "conv":
        return {
          ...at,
          ...linear(node.from, { kernel: node.kernel, stride: node.stride, channelsOut: node.shape[2] }),
        };
      case "dense":
        return { ...at, ...linear(node.from, { kernel: 1, stride: 1, channelsOut: node.shape[2] }) };
      case "add":
        return { ...at, op: "add", from: source(node.from), with: source(node.with) };
      case "relu":
        return { ...at, op: "relu", from: source(node.from), kept: keptUnits(node, maskOf.get(name)), signBits: 64 };
      case "global-average-pool": {
        const [height, width, channels] = shapes.get(node.from) as Shape;
        return { ...at, op: "average-pool", from: source(node.from), positions: height * width, channels };
      }
      default:
        throw new Error(`"${name}" is a ${node.op}, which is no step of its own`);
    }
  };
}

function keptUnits(node: NodeOf<"relu">, mask: Mask | undefined): Uint32Array {
  const units = size(node.shape);
  if (mask?.length !== units) {
    throw new UnsupportedNetworkError(
      `ReLU layer "${node.name}" has ${units} units, its mask ${mask?.length ?? "none"}`,
    );
  }
  return Uint32Array.from([...mask.keys()].filter((unit) => mask[unit] === 1));
}

interface RealWeights {
  /** [out][height, width, in]. */
  filters: Float64Array[];
  bias: Float64Array;
}

/** Filters in the order of an image's elements; a batch norm scales each by γ / √(variance + ε) and gives its bias. */
function realWeights(
  name: string,
  shape: ConvolutionShape,
  norm: NodeOf<"batch-norm"> | undefined,
  tensors: PartialReluNetwork["tensors"],
): RealWeights {
  const { channelsIn, channelsOut, kernel } = shape;
  const valuesOf = (tensor: string, length: number) => lengthOf(tensors, tensor, length);
  const values = valuesOf(`${name}.weight`, channelsOut * filterSize(shape));
  const part = (key: string) => norm && valuesOf(`${norm.name}.${key}`, channelsOut);
  const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(part);
  const bias = norm || !tensors.has(`${name}.bias`) ? undefined : valuesOf(`${name}.bias`, channelsOut);
  const scale = (channel: number) =>
    norm ? (at(gamma, channel) ?? 1) / Math.sqrt((at(variance, channel) ?? 1) + epsilon) : 1;
  const filter = (channel: number) => {
    const out = new Float64Array(filterSize(shape));
    for (let input = 0; input < channelsIn; input++) {
      for (let place = 0; place < kernel * kernel; place++) {
        out[place * channelsIn + input] =
          scale(channel) * (values[(channel * channelsIn + input) * kernel * kernel + place] as number);
      }
    }
    return out;
  };
  return {
    filters: Array.from({ length: channelsOut }, (_, channel) => filter(channel)),
    bias: Float64Array.from({ length: channelsOut }, (_, channel) =>
      norm ? (at(beta, channel) ?? 0) - scale(channel) * (at(mean, channel) ?? 0) : (at(bias, channel) ?? 0),
    ),
  };
}

const at = (values: ArrayLike<number> | undefined, index: number): number | undefined => values?.[index];

function lengthOf(tensors: PartialReluNetwork["tensors"], name: string, length: number): ArrayLike<number> {
  const values = tensors.get(name)?.values;
  if (values?.length !== length) {
    throw new UnsupportedNetworkError(`tensor "${name}" has ${values?.length ?? "no"} values where ${length} are due`);
  }
  return values;
}

function inFixedPoint(name: string, { filters, bias }: RealWeights): LinearWeights {
  const rounded = filters.map((filter) => filter.map((value) => Math.round(value * 2 ** weightBits)));
  for (const [channel, filter] of rounded.entries()) {
    if (filter.every((value) => Math.abs(value) < maximumWeight)) continue; // which no NaN is
    throw new UnsupportedNetworkError(
      `a weight of "${name}", channel ${channel}, is ${maximumWeight / 2 ** weightBits} or more in magnitude, or no number`,
    );
  }
  const length = rounded[0]?.length ?? 0;
  const joined = new Int32Array(rounded.length * length);
  rounded.forEach((filter, channel) => {
    joined.set(filter, channel * length);
  });
  return { filters: joined, bias: encode(bias, fractionBits + weightBits) };
}
