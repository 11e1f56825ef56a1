import type { Model, ModelNode, NodeOf } from "@reluctant/relu";
import {
  addMaskedRelu,
  affineMaskedRelu,
  type BatchNormTrainResult,
  batchNormAddMaskedRelu,
  batchNormMaskedRelu,
  batchNormTrain,
  maskedRelu,
} from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { type ChannelMoments, type DeviceActivation, MaskedRelu } from "./activations/index.ts";
import { fusedIntoRelus } from "./fusion.ts";

/** A network's variables by tensor name (`layer1.0.conv1.weight`), filters HWIO, and its activations by ReLU layer. */
export interface Parts {
  variables: ReadonlyMap<string, tf.Tensor>;
  /** A layer without one keeps every ReLU. */
  activations: ReadonlyMap<string, DeviceActivation>;
  /** Batch norms that a ReLU follows as x · scale + shift, by node: with them the network evaluates, without it trains. */
  frozen: ReadonlyMap<string, Affine> | null;
}

/** [channels] each. */
export interface Affine {
  scale: tf.Tensor1D;
  shift: tf.Tensor1D;
}

export interface Pass {
  /** [batch, classes] */
  logits: tf.Tensor2D;
  /** Outputs by node; one that is fused into its ReLU is not there. */
  outputs: ReadonlyMap<string, tf.Tensor>;
  /** What enters each ReLU, by layer, when it was asked for. */
  preActivations: ReadonlyMap<string, tf.Tensor>;
  /** Of every batch norm in training. */
  statistics: BatchStatistics[];
  /** What entered the activations that observe it, in training. */
  observed: Observed[];
}

/** Channels of what enters a ReLU layer, over the batch. */
export interface Observed extends ChannelMoments {
  layer: string;
}

/** What the running statistics of a node move towards. [channels] */
export interface BatchStatistics {
  node: string;
  mean: tf.Tensor;
  /** Biased: divided by `count`. */
  variance: tf.Tensor;
  /** Values behind each: batch · height · width. */
  count: number;
}

export interface ForwardOptions {
  /** Keep what enters each ReLU, which costs the fusion with what comes before it. */
  preActivations?: boolean;
  /** Stands between a ReLU layer and what reads it, with what entered it: `preActivations` must be kept. */
  gradientHook?: ((layer: string, aBHWC: tf.Tensor, zBHWC: tf.Tensor) => tf.Tensor) | undefined;
}

/** Runs a model node by node on xBHWC. Called within `tf.tidy` or a gradient: it disposes nothing itself. */
export function forward(
  model: Model,
  { variables, activations, frozen }: Parts,
  xBHWC: tf.Tensor4D,
  { preActivations = false, gradientHook }: ForwardOptions = {},
): Pass {
  const outputs = new Map<string, tf.Tensor>();
  const entering = new Map<string, tf.Tensor>();
  const statistics: BatchStatistics[] = [];
  const observed: Observed[] = [];
  const fused = preActivations ? null : fusedIntoMaskedRelus(model, activations);
  const inRelu = new Set([...(fused?.values() ?? [])].flatMap(({ norm, sum }) => [norm?.name, sum?.node.name]));
  const of = (name: string): tf.Tensor4D => found(outputs, name) as tf.Tensor4D;
  const variable = <T extends tf.Tensor>(node: ModelNode, part: string) =>
    found(variables, `${node.name}.${part}`) as T;

  const normInTraining = (
    norm: NodeOf<"batch-norm">,
    run: (x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D) => BatchNormTrainResult,
  ): tf.Tensor4D => {
    const x = of(norm.from);
    const { y, batchMean, batchVariance } = run(x, variable(norm, "weight"), variable(norm, "bias"));
    const count = x.size / norm.shape[2];
    statistics.push({ node: norm.name, mean: batchMean, variance: batchVariance, count });
    return y;
  };
  const batchNorm = (node: NodeOf<"batch-norm">): tf.Tensor4D => {
    if (!frozen) return normInTraining(node, batchNormTrain);
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
      variable<tf.Tensor1D>(node, part),
    ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
    return tf.batchNorm(of(node.from), mean, variance, beta, gamma, 1e-5);
  };
  const relu = (node: NodeOf<"relu">): tf.Tensor4D => {
    const activation = activations.get(node.name);
    const mask = activation instanceof MaskedRelu ? activation.mask : null;
    const { norm = null, sum = null } = fused?.get(node.name) ?? {};
    const residual = sum && of(sum.residual);
    if (norm && frozen) return affineMaskedRelu({ x: of(norm.from), ...found(frozen, norm.name), residual, mask });
    if (norm && residual) return normInTraining(norm, (x, g, b) => batchNormAddMaskedRelu(x, g, b, residual, mask));
    if (norm) return normInTraining(norm, (x, g, b) => batchNormMaskedRelu(x, g, b, mask));
    if (sum && residual) return addMaskedRelu(of(sum.node.from), residual, mask);
    if (preActivations) entering.set(node.name, of(node.from));
    if (!activation) return maskedRelu(of(node.from), null);
    if (!frozen && activation.observes) observed.push({ layer: node.name, ...tf.moments(of(node.from), [0, 1, 2]) });
    return activation.apply(of(node.from));
  };
  const hooked = (node: NodeOf<"relu">): tf.Tensor =>
    gradientHook ? gradientHook(node.name, relu(node), of(node.from)) : relu(node);
  const run = (node: ModelNode): tf.Tensor => {
    switch (node.op) {
      case "input":
        return xBHWC;
      case "conv": {
        const y = tf.conv2d(of(node.from), variable<tf.Tensor4D>(node, "weight"), node.stride, node.kernel >> 1);
        return node.bias ? tf.add(y, variable(node, "bias")) : y;
      }
      case "batch-norm":
        return batchNorm(node);
      case "relu":
        return hooked(node);
      case "add":
        return tf.add(of(node.from), of(node.with));
      case "max-pool":
        return tf.maxPool(of(node.from), node.kernel, node.stride, node.padding);
      case "pad-channels":
        return tf.pad(of(node.from), [...unpadded, [node.before, node.after]]);
      case "global-average-pool":
        return tf.mean(of(node.from), [1, 2]);
      case "dense":
        return tf.add(
          tf.matMul(found(outputs, node.from), variable(node, "weight"), false, true),
          variable(node, "bias"),
        );
    }
  };
  for (const node of model.nodes) if (!inRelu.has(node.name)) outputs.set(node.name, run(node));
  const last = model.nodes.at(-1)?.name ?? "";
  return { logits: found(outputs, last) as tf.Tensor2D, outputs, preActivations: entering, statistics, observed };
}

/** Batch, height and width. */
const unpadded: [number, number][] = [
  [0, 0],
  [0, 0],
  [0, 0],
];

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (!value) throw new Error(`the model reads "${name}", which it does not have`);
  return value;
}

/** The fusions of the layers that compute a masked ReLU, or a whole one. */
const fusedIntoMaskedRelus = (model: Model, activations: Parts["activations"]) =>
  new Map(
    [...fusedIntoRelus(model)].filter(([layer]) => (activations.get(layer)?.kind ?? "masked-relu") === "masked-relu"),
  );
