import { ModelBuilder } from "./builder.ts";
import type { Model, Shape } from "./model.ts";

/**
 * Residual networks of basic blocks with a 3×3 stem of stride 1 (He et al. 2016), named as torchvision names them.
 * Identity skips, and projection shortcuts (1×1 convolution + batch norm) where shapes differ.
 */
export function basicResNet(options: {
  name: string;
  input: Shape;
  classes: number;
  widths: readonly number[];
  blocks: readonly number[];
}): Model {
  const net = new ModelBuilder();
  const [stem = 0] = options.widths;
  let x = net.relu("relu1", net.batchNorm("bn1", net.conv("conv1", net.input(options.input), stem, 3)), "conv1");
  options.blocks.forEach((count, group) => {
    const channels = options.widths[group] as number;
    for (let block = 0; block < count; block++) {
      x = basicBlock(net, `layer${group + 1}.${block}`, x, channels, group > 0 && block === 0 ? 2 : 1);
    }
    net.group(x);
  });
  net.dense("fc", net.globalAveragePool("avgpool", x), options.classes);
  return net.build(options.name, options.classes);
}

function basicBlock(net: ModelBuilder, name: string, x: string, channels: number, stride: number): string {
  const first = net.conv(`${name}.conv1`, x, channels, 3, stride);
  const inner = net.relu(`${name}.relu1`, net.batchNorm(`${name}.bn1`, first), first);
  const second = net.conv(`${name}.conv2`, inner, channels, 3);
  const branch = net.batchNorm(`${name}.bn2`, second);
  const skip =
    stride === 1 && net.channels(x) === channels
      ? x
      : net.batchNorm(`${name}.downsample.1`, net.conv(`${name}.downsample.0`, x, channels, 1, stride, true));
  return net.relu(`${name}.relu2`, net.add(`${name}.add`, branch, skip), second);
}
