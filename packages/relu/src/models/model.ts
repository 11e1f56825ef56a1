import { sum } from "../numbers.ts";

/**
 * A network as data: a list of nodes in execution order, each naming the nodes it reads. The engine builds it, the
 * planner counts it, screens label it. Shapes are [height, width, channels]; convolutions pad explicitly by kernel >> 1.
 */
export type Shape = readonly [height: number, width: number, channels: number];

export type ModelNode = { name: string; shape: Shape } & (
  | { op: "input" }
  | {
      op: "conv";
      from: string;
      kernel: number;
      stride: number;
      channelsIn: number;
      shortcut: boolean;
      /** Adds a number to each channel: where no batch norm follows, which would take it away. */
      bias?: true;
    }
  | { op: "batch-norm"; from: string }
  /** `fedBy` is the convolution whose sensitivity the layer takes (method.md §3). */
  | { op: "relu"; from: string; fedBy: string }
  | { op: "add"; from: string; with: string }
  | { op: "max-pool"; from: string; kernel: number; stride: number; padding: number }
  /** Channels of zeros before and after those that it reads. */
  | { op: "pad-channels"; from: string; before: number; after: number }
  | { op: "global-average-pool"; from: string }
  | { op: "dense"; from: string; features: number }
);
export type NodeOf<Op extends ModelNode["op"]> = Extract<ModelNode, { op: Op }>;

export interface Model {
  name: string;
  classes: number;
  nodes: readonly ModelNode[];
  /** Nodes whose outputs PRAM compares (method.md §5, I): the ends of the block groups. */
  groups: readonly string[];
}

/** A ReLU layer: `units` = height·width·channels scalar ReLUs that a mask may keep or drop. */
export interface ReluLayer {
  name: string;
  shape: Shape;
  units: number;
  fedBy: string;
}

export const inputShape = (model: Model): Shape => nodesOf(model, "input")[0]?.shape ?? [0, 0, 0];

export const nodesOf = <Op extends ModelNode["op"]>(model: Model, op: Op): NodeOf<Op>[] =>
  model.nodes.filter((node): node is NodeOf<Op> => node.op === op);

export const reluLayers = (model: Model): ReluLayer[] =>
  nodesOf(model, "relu").map(({ name, shape, fedBy }) => ({ name, shape, fedBy, units: size(shape) }));

/** All ReLU units: SENet's convention. */
export const reluCount = (model: Model): number => unitsOf(reluLayers(model));

/**
 * ReLU units inside the blocks alone, SNL's convention: neither the stem's ReLU nor the last one of a pre-activation
 * network. Those two stand at the network's top level, so they are the ones without a dot in their name.
 */
export const reluCountWithoutStem = (model: Model): number =>
  unitsOf(reluLayers(model).filter(({ name }) => name.includes(".")));

const unitsOf = (layers: readonly ReluLayer[]): number => sum(layers.map(({ units }) => units));

/** Trainable parameters: convolution filters and biases, batch-norm scales and offsets, dense weights and biases. */
export const parameterCount = (model: Model): number =>
  sum(
    model.nodes.map((node) => {
      if (node.op === "conv") return (node.kernel ** 2 * node.channelsIn + (node.bias ? 1 : 0)) * node.shape[2];
      if (node.op === "batch-norm") return 2 * node.shape[2];
      return node.op === "dense" ? (node.features + 1) * node.shape[2] : 0;
    }),
  );

/** Multiply–accumulates of one image. */
export const macCount = (model: Model): number =>
  sum(
    model.nodes.map((node) => {
      if (node.op === "conv") return node.kernel ** 2 * node.channelsIn * size(node.shape);
      return node.op === "dense" ? node.features * node.shape[2] : 0;
    }),
  );

export const size = ([height, width, channels]: Shape): number => height * width * channels;
