/**
 * What a model means, in float64 and without a tensor library: the oracle of the engine's tests. Values are [n, h, w, c],
 * parameters in PyTorch's layouts.
 */
import type { Model, ModelNode, NodeOf } from "@reluctant/relu";
import type { Tensors } from "@reluctant/stages";
import {
  average,
  batchNorm,
  type Computed,
  convolution,
  dense,
  type GradientOf,
  type Moments,
  maxPool,
  momentsOf,
  type Numbers,
  padChannels,
  type ReferenceActivation,
  relu,
  sum,
} from "./reference-nodes.ts";

export interface ReferenceInput {
  model: Model;
  weights: Tensors;
  x: Numbers;
  /** Batch norms by their batch, or by their running statistics. */
  mode: "train" | "evaluate";
  /** What a ReLU layer computes, which may depend on what enters it. Default: ReLU. */
  activation?: (layer: NodeOf<"relu">, entering: Numbers) => ReferenceActivation | null;
}

export interface ReferencePass {
  logits: Numbers;
  /** By node. */
  outputs: ReadonlyMap<string, Numbers>;
  /** Of every batch norm's batch. */
  moments: ReadonlyMap<string, Moments>;
  /**
   * By parameter, of a loss with these slopes in nodes' outputs; `share.<layer>` is that of a layer's shares. In training.
   */
  gradients(slopes: ReadonlyMap<string, Numbers>): Map<string, Numbers>;
}

export function referencePass({ model, weights, x, mode, activation }: ReferenceInput): ReferencePass {
  const outputs = new Map<string, Numbers>();
  const moments = new Map<string, Moments>();
  const tape: { node: ModelNode; back: Computed["back"] }[] = [];
  const of = (name: string) => outputs.get(name) as Numbers;
  const shapeOf = (name: string) => (model.nodes.find((node) => node.name === name) as ModelNode).shape;
  const part = (node: ModelNode, name: string) => Float64Array.from(weights.get(`${node.name}.${name}`)?.values ?? []);

  const compute = (node: ModelNode): Computed => {
    switch (node.op) {
      case "input":
        return { y: x, back() {} };
      case "conv":
        return convolution(node, of(node.from), shapeOf(node.from), part(node, "weight"), part(node, "bias"));
      case "batch-norm": {
        const found = momentsOf(of(node.from), node.shape[2]);
        moments.set(node.name, found);
        const running = { mean: part(node, "running_mean"), variance: part(node, "running_var") };
        const by = mode === "train" ? found : { ...running, count: 0 };
        return batchNorm(node, of(node.from), by, { gamma: part(node, "weight"), beta: part(node, "bias") });
      }
      case "relu":
        return relu(node, of(node.from), activation?.(node, of(node.from)) ?? null);
      case "add":
        return sum(node, of(node.from), of(node.with));
      case "max-pool":
        return maxPool(node, of(node.from), shapeOf(node.from));
      case "pad-channels":
        return padChannels(node, of(node.from), shapeOf(node.from));
      case "global-average-pool":
        return average(node, of(node.from), shapeOf(node.from));
      case "dense":
        return dense(node, of(node.from), part(node, "weight"), part(node, "bias"));
    }
  };
  for (const node of model.nodes) {
    const { y, back } = compute(node);
    outputs.set(node.name, y);
    tape.push({ node, back });
  }
  const gradients: ReferencePass["gradients"] = (slopes) => {
    const ofOutputs = new Map([...slopes].map(([name, values]) => [name, values.slice()]));
    const ofParameters = new Map<string, Numbers>();
    for (const { node, back } of tape.toReversed()) {
      const dy = ofOutputs.get(node.name);
      if (dy) back(dy, gradientsIn(ofOutputs), gradientsIn(ofParameters));
    }
    return ofParameters;
  };
  return { logits: of(model.nodes.at(-1)?.name ?? ""), outputs, moments, gradients };
}

const gradientsIn =
  (gradients: Map<string, Numbers>): GradientOf =>
  (name, length) => {
    const found = gradients.get(name) ?? new Float64Array(length);
    gradients.set(name, found);
    return found;
  };
