import type { Model, ModelNode, NodeOf, Shape } from "./model.ts";

/** Writes a network node by node; every method returns the new node's name. */
export class ModelBuilder {
  private readonly nodes: ModelNode[] = [];
  private readonly groups: string[] = [];

  input(shape: Shape): string {
    return this.push({ op: "input", name: "input", shape });
  }

  conv(name: string, from: string, channels: number, kernel: number, stride = 1, shortcut = false): string {
    return this.push(this.convolution(name, from, { channels, kernel, stride, shortcut }));
  }

  /** A dense layer on a map of one position: a 1×1 convolution with bias, so that a ReLU may follow it as any other. */
  hiddenDense(name: string, from: string, channels: number): string {
    return this.push({
      ...this.convolution(name, from, { channels, kernel: 1, stride: 1, shortcut: false }),
      bias: true,
    });
  }

  batchNorm(name: string, from: string): string {
    return this.push({ op: "batch-norm", name, from, shape: this.shapeOf(from) });
  }

  relu(name: string, from: string, fedBy: string): string {
    return this.push({ op: "relu", name, from, fedBy, shape: this.shapeOf(from) });
  }

  add(name: string, from: string, other: string): string {
    return this.push({ op: "add", name, from, with: other, shape: this.shapeOf(from) });
  }

  maxPool(name: string, from: string, kernel: number, stride: number, padding: number): string {
    const [height, width, channels] = this.shapeOf(from);
    const out = (extent: number) => slid(extent, kernel, stride, padding);
    return this.push({
      op: "max-pool",
      name,
      from,
      kernel,
      stride,
      padding,
      shape: [out(height), out(width), channels],
    });
  }

  /** Every `stride`-th position, between channels of zeros: a shortcut without parameters. */
  subsample(name: string, from: string, stride: number, padding: { before: number; after: number }): string {
    const subsampled = this.maxPool(`${name}.subsample`, from, 1, stride, 0);
    const [height, width, channels] = this.shapeOf(subsampled);
    const shape: Shape = [height, width, padding.before + channels + padding.after];
    return this.push({ op: "pad-channels", name: `${name}.pad`, from: subsampled, ...padding, shape });
  }

  globalAveragePool(name: string, from: string): string {
    return this.push({ op: "global-average-pool", name, from, shape: [1, 1, this.shapeOf(from)[2]] });
  }

  dense(name: string, from: string, classes: number): string {
    return this.push({ op: "dense", name, from, features: this.shapeOf(from)[2], shape: [1, 1, classes] });
  }

  /** Marks the end of a block group: one of PRAM's comparison points. */
  group(node: string): void {
    this.groups.push(node);
  }

  build(name: string, classes: number): Model {
    return { name, classes, nodes: this.nodes, groups: this.groups };
  }

  channels(node: string): number {
    return this.shapeOf(node)[2];
  }

  private convolution(
    name: string,
    from: string,
    { channels, ...window }: { channels: number; kernel: number; stride: number; shortcut: boolean },
  ): NodeOf<"conv"> {
    const [height, width, channelsIn] = this.shapeOf(from);
    const out = (extent: number) => slid(extent, window.kernel, window.stride, window.kernel >> 1);
    return { op: "conv", name, from, ...window, channelsIn, shape: [out(height), out(width), channels] };
  }

  private shapeOf(name: string): Shape {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (!node) throw new Error(`model node "${name}" is read before it is written`);
    return node.shape;
  }

  private push(node: ModelNode): string {
    this.nodes.push(node);
    return node.name;
  }
}

/** Places at which a window stands while it slides over a padded extent; what the stride leaves over is cut. */
const slid = (extent: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((extent + 2 * padding - kernel) / stride) + 1;
