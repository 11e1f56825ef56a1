import { ModelBuilder } from "./builder.ts";
import type { Model, Shape } from "./model.ts";

/**
 * Wide residual networks (Zagoruyko & Komodakis 2016), pre-activation: batch norm and ReLU come before a convolution, and
 * a last pair follows the last block. An identity shortcut carries the raw sum; a projection (1×1 convolution alone) reads
 * the masked activation. A block's first ReLU is fed by the convolution that completed the sum it normalizes: the stem's,
 * or the previous block's second. PRAM compares a group where the next batch norm has normalized it, before that ReLU.
 */
export function wideResNet(options: {
  name: string;
  input: Shape;
  classes: number;
  stem: number;
  widths: readonly number[];
  /** Blocks of every group. */
  blocks: number;
}): Model {
  const net = new ModelBuilder();
  let x: Sum = { node: net.conv("conv1", net.input(options.input), options.stem, 3), fedBy: "conv1" };
  options.widths.forEach((channels, group) => {
    for (let block = 0; block < options.blocks; block++) {
      const name = `layer${group + 1}.${block}`;
      const normalized = net.batchNorm(`${name}.bn1`, x.node);
      if (group > 0 && block === 0) net.group(normalized);
      x = rest(net, name, x, normalized, channels, group > 0 && block === 0 ? 2 : 1);
    }
  });
  const normalized = net.batchNorm("bn1", x.node);
  net.group(normalized);
  net.dense("fc", net.globalAveragePool("avgpool", net.relu("relu", normalized, x.fedBy)), options.classes);
  return net.build(options.name, options.classes);
}

/** A raw sum between blocks and the convolution that completed it. */
interface Sum {
  node: string;
  fedBy: string;
}

/** What follows a block's first batch norm. */
function rest(net: ModelBuilder, name: string, x: Sum, normalized: string, channels: number, stride: number): Sum {
  const activation = net.relu(`${name}.relu1`, normalized, x.fedBy);
  const first = net.conv(`${name}.conv1`, activation, channels, 3, stride);
  const inner = net.relu(`${name}.relu2`, net.batchNorm(`${name}.bn2`, first), first);
  const second = net.conv(`${name}.conv2`, inner, channels, 3);
  const projected = stride !== 1 || net.channels(x.node) !== channels;
  const skip = projected ? net.conv(`${name}.downsample.0`, activation, channels, 1, stride, true) : x.node;
  return { node: net.add(`${name}.add`, second, skip), fedBy: second };
}
