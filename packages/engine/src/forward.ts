import type { Model, ModelNode } from "@reluctant/relu";
import { addMaskedRelu, batchNormTrain, maskedRelu } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";

/** A network's variables by tensor name (`layer1.0.conv1.weight`), filters HWIO, and its masks by ReLU layer. */
export interface Parts {
  variables: ReadonlyMap<string, tf.Tensor>;
  /** [h, w, c] of 0 and 1; a layer without one keeps every ReLU. */
  masks: ReadonlyMap<string, tf.Tensor>;
}

export interface ForwardOptions {
  /** Normalize by the batch's statistics, which the pass then holds; otherwise by the running ones. */
  training: boolean;
  /** Keep what enters each ReLU under its layer's name in `preActivations`: costs the fusion of add and ReLU. */
  preActivations?: boolean;
}

export interface Pass {
  /** [batch, classes] */
  logits: tf.Tensor2D;
  /** Outputs by node. */
  outputs: ReadonlyMap<string, tf.Tensor>;
  preActivations: ReadonlyMap<string, tf.Tensor>;
  /** Of every batch norm in training. */
  statistics: BatchStatistics[];
}

/** What the running statistics of a node move towards. [channels] */
export interface BatchStatistics {
  node: string;
  mean: tf.Tensor;
  /** Unbiased, as torch's running variance; the batch itself is normalized by the biased one. */
  variance: tf.Tensor;
}

/** Of every batch norm, as torch's default. */
const epsilon = 1e-5;

type Vector = tf.Tensor1D;

/** Runs a model node by node on xBHWC. Called within `tf.tidy` or a gradient: it disposes nothing itself. */
export function forward(
  model: Model,
  parts: Parts,
  xBHWC: tf.Tensor4D,
  { training, preActivations = false }: ForwardOptions,
): Pass {
  const outputs = new Map<string, tf.Tensor>();
  const entering = new Map<string, tf.Tensor>();
  const statistics: BatchStatistics[] = [];
  const fused = preActivations ? new Set<string>() : addsFusedIntoRelu(model);
  const of = (name: string): tf.Tensor4D => found(outputs, name) as tf.Tensor4D;
  const variable = (node: ModelNode, part: string): tf.Tensor => found(parts.variables, `${node.name}.${part}`);

  const run = (node: ModelNode): tf.Tensor | null => {
    switch (node.op) {
      case "input":
        return xBHWC;
      case "conv":
        return tf.conv2d(of(node.from), variable(node, "weight") as tf.Tensor4D, node.stride, node.kernel >> 1);
      case "batch-norm": {
        const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
          variable(node, part),
        ) as [Vector, Vector, Vector, Vector];
        if (!training) return tf.batchNorm(of(node.from), mean, variance, beta, gamma, epsilon);
        const batch = batchNormTrain(of(node.from), gamma, beta, { eps: epsilon });
        const count = batch.y.size / gamma.size;
        const unbiased = tf.mul(batch.batchVariance, count / (count - 1));
        statistics.push({ node: node.name, mean: batch.batchMean, variance: unbiased });
        return batch.y;
      }
      case "relu": {
        const mask = parts.masks.get(node.name) ?? null;
        const add = model.nodes.find(({ name }) => name === node.from);
        if (add?.op === "add" && fused.has(add.name)) return addMaskedRelu(of(add.from), of(add.with), mask);
        if (preActivations) entering.set(node.name, of(node.from));
        return maskedRelu(of(node.from), mask);
      }
      case "add":
        return fused.has(node.name) ? null : tf.add(of(node.from), of(node.with));
      case "max-pool":
        return tf.maxPool(of(node.from), node.kernel, node.stride, node.padding);
      case "global-average-pool":
        return tf.mean(of(node.from), [1, 2]);
      case "dense":
        return tf.add(
          tf.matMul(found(outputs, node.from), variable(node, "weight"), false, true),
          variable(node, "bias"),
        );
    }
  };
  for (const node of model.nodes) {
    const output = run(node);
    if (output) outputs.set(node.name, output);
  }
  const last = model.nodes.at(-1)?.name ?? "";
  return { logits: found(outputs, last) as tf.Tensor2D, outputs, preActivations: entering, statistics };
}

/** Sums that only one ReLU reads: computed together with it. */
function addsFusedIntoRelu(model: Model): Set<string> {
  const readers = (name: string) =>
    model.nodes.filter((node) => ("from" in node && node.from === name) || ("with" in node && node.with === name));
  const alone = model.nodes.filter((node) => {
    const [reader, ...others] = node.op === "add" ? readers(node.name) : [];
    return reader?.op === "relu" && others.length === 0;
  });
  return new Set(alone.map(({ name }) => name));
}

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (!value) throw new Error(`the model reads "${name}", which it does not have`);
  return value;
}
