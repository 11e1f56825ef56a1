import { ModelBuilder } from "./builder.ts";
import type { Model, Shape } from "./model.ts";

/**
 * Pre-activation networks (He et al. 2016b) and wide ones (Zagoruyko & Komodakis 2016): batch norm and ReLU come before a
 * convolution, and a last pair follows the last block. An identity shortcut carries the raw sum; a projection is a 1×1
 * convolution alone. A block's first ReLU is fed by the convolution that completed the sum it normalizes: the stem's,
 * or the previous block's second. PRAM compares a group where the next batch norm has normalized it, before that ReLU.
 */
export function preActivationResNet(options: {
  name: string;
  input: Shape;
  classes: number;
  stem: number;
  widths: readonly number[];
  /** Blocks of every group. */
  blocks: number;
  rest: RestOfBlock;
  /** Whether the last pair of batch norm and ReLU is there; without it the last sum is pooled as it is. */
  end: "norm" | "open";
}): Model {
  const net = new ModelBuilder();
  let x: Sum = { node: net.conv("conv1", net.input(options.input), options.stem, 3), fedBy: "conv1" };
  options.widths.forEach((channels, group) => {
    for (let block = 0; block < options.blocks; block++) {
      const name = `layer${group + 1}.${block}`;
      const normalized = net.batchNorm(`${name}.bn1`, x.node);
      if (group > 0 && block === 0) net.group(normalized);
      x = options.rest(net, { name, x, normalized, channels, stride: group > 0 && block === 0 ? 2 : 1 });
    }
  });
  const last = options.end === "norm" ? net.batchNorm("bn1", x.node) : x.node;
  net.group(last);
  const pooled = options.end === "norm" ? net.relu("relu", last, x.fedBy) : last;
  net.dense("fc", net.globalAveragePool("avgpool", pooled), options.classes);
  return net.build(options.name, options.classes);
}

/** A raw sum between blocks and the convolution that completed it. */
interface Sum {
  node: string;
  fedBy: string;
}

/** A block from its first batch norm on. */
interface OpenBlock {
  name: string;
  x: Sum;
  /** Its first batch norm, which reads `x`. */
  normalized: string;
  channels: number;
  stride: number;
}

/** Writes what follows a block's first batch norm. */
type RestOfBlock = (net: ModelBuilder, block: OpenBlock) => Sum;

/** The stride is the first convolution's; a projection reads the masked activation. */
export const projectedActivation: RestOfBlock = (net, block) => {
  const activation = net.relu(`${block.name}.relu1`, block.normalized, block.x.fedBy);
  const second = branch(net, block, activation, [block.stride, 1]);
  return sum(net, block, second, activation);
};

/** The stride is the second convolution's; a projection reads the raw sum. */
export const projectedSum: RestOfBlock = (net, block) => {
  const activation = net.relu(`${block.name}.relu1`, block.normalized, block.x.fedBy);
  const second = branch(net, block, activation, [1, block.stride]);
  return sum(net, block, second, block.x.node);
};

function branch(
  net: ModelBuilder,
  { name, channels }: OpenBlock,
  activation: string,
  [ofFirst, ofSecond]: readonly [number, number],
): string {
  const first = net.conv(`${name}.conv1`, activation, channels, 3, ofFirst);
  const inner = net.relu(`${name}.relu2`, net.batchNorm(`${name}.bn2`, first), first);
  return net.conv(`${name}.conv2`, inner, channels, 3, ofSecond);
}

/** @param projected what a projection reads, where one is needed */
function sum(net: ModelBuilder, { name, x, channels, stride }: OpenBlock, second: string, projected: string): Sum {
  const isSame = stride === 1 && net.channels(x.node) === channels;
  const skip = isSame ? x.node : net.conv(`${name}.downsample.0`, projected, channels, 1, stride, true);
  return { node: net.add(`${name}.add`, second, skip), fedBy: second };
}
