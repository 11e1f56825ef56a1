import type { Model } from "@reluctant/relu";
import { type HostTensor, isStatistic, type Tensors, weightShapes } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { toHost } from "./layout.ts";
import { TfNetwork } from "./network.ts";
import { newVariable } from "./variables.ts";

/**
 * A network of fewer channels that sees the first ones of another's filters: training either moves the same weights. Its
 * batch norms are its own, and begin as the wide network's for those channels; `load` replaces them alone.
 */
export class NarrowNetwork extends TfNetwork {
  private readonly wide: TfNetwork;
  /** Extents on the device of what it sees of the wide network's variables, by name. */
  private readonly seen: ReadonlyMap<string, number[]>;

  constructor(wide: TfNetwork, model: Model) {
    super({ model, weights: new Map(), normalization: wide.normalization });
    this.wide = wide;
    const normed = new Set(model.nodes.filter(({ op }) => op === "batch-norm").map(({ name }) => name));
    const isOwn = (name: string) => normed.has(name.slice(0, name.lastIndexOf(".")));
    const extents = [...weightShapes(model)].map(([name, shape]) => [name, onDevice(shape)] as const);
    this.seen = new Map(extents.filter(([name]) => !isOwn(name)));
    for (const [name, shape] of extents.filter(([name]) => isOwn(name)))
      this.variables.set(name, newVariable(firstOf(wide.variables, name, shape), !isStatistic(name)));
  }

  override async read(): Promise<Tensors> {
    const slices = tf.tidy(() => Object.fromEntries(this.slices()));
    const read = new Map<string, HostTensor>();
    for (const [name, tensor] of [...Object.entries(slices), ...this.variables]) read.set(name, await toHost(tensor));
    tf.dispose(slices);
    return read;
  }

  protected override tensors(): ReadonlyMap<string, tf.Tensor> {
    return new Map<string, tf.Tensor>([...this.variables, ...this.slices()]);
  }

  private slices(): [string, tf.Tensor][] {
    return [...this.seen].map(([name, shape]) => [name, firstOf(this.wide.variables, name, shape)]);
  }
}

/** PyTorch's [out, in, h, w] lies on the device as [h, w, in, out]. */
const onDevice = (shape: readonly number[]): number[] => {
  const [out = 0, inputs = 0, height, width] = shape;
  return height !== undefined && width !== undefined ? [height, width, inputs, out] : [...shape];
};

function firstOf(variables: ReadonlyMap<string, tf.Variable>, name: string, shape: readonly number[]): tf.Tensor {
  const variable = variables.get(name);
  if (!variable) throw new Error(`the wide network has no "${name}"`);
  return tf.slice(
    variable,
    shape.map(() => 0),
    [...shape],
  );
}
