import { ModelBuilder } from "./builder.ts";
import type { Model, Shape } from "./model.ts";

/** Writes a network's first layers and returns the node that enters the first block. */
type Stem = (net: ModelBuilder, image: string, channels: number) => string;

/** Writes a residual block of the given width and returns its output. */
type Block = (net: ModelBuilder, name: string, x: string, channels: number, stride: number) => string;

/**
 * Residual networks (He et al. 2016), named as torchvision names them: groups of blocks of growing width, the first block
 * of each but the first group at stride 2; identity skips, and projection shortcuts (1×1 convolution + batch norm) where
 * shapes differ.
 */
export function resNet(options: {
  name: string;
  input: Shape;
  classes: number;
  stem: Stem;
  block: Block;
  widths: readonly number[];
  /** Blocks of each group. */
  blocks: readonly number[];
}): Model {
  const net = new ModelBuilder();
  let x = options.stem(net, net.input(options.input), options.widths[0] as number);
  options.blocks.forEach((count, group) => {
    const channels = options.widths[group] as number;
    for (let block = 0; block < count; block++) {
      x = options.block(net, `layer${group + 1}.${block}`, x, channels, group > 0 && block === 0 ? 2 : 1);
    }
    net.group(x);
  });
  net.dense("fc", net.globalAveragePool("avgpool", x), options.classes);
  return net.build(options.name, options.classes);
}

/** 3×3 at stride 1, for images of 32 and 64 pixels. */
export const smallStem: Stem = (net, image, channels) =>
  net.relu("relu1", net.batchNorm("bn1", net.conv("conv1", image, channels, 3)), "conv1");

/** 7×7 at stride 2, then a 3×3 max-pool at stride 2: a 224-pixel image enters the blocks at 56×56. */
export const imagenetStem: Stem = (net, image, channels) => {
  const x = net.relu("relu1", net.batchNorm("bn1", net.conv("conv1", image, channels, 7, 2)), "conv1");
  return net.maxPool("maxpool", x, 3, 2, 1);
};

/** Brings a block's input to another shape, to be added to its branch. */
type Shortcut = Block;

/** A 1×1 convolution and a batch norm: option B of He et al. */
export const projection: Shortcut = (net, name, x, channels, stride) =>
  net.batchNorm(`${name}.downsample.1`, net.conv(`${name}.downsample.0`, x, channels, 1, stride, true));

/** Every other position, and zeros for the channels that are not there, half on either side: option A, as Y. Idelbayev's. */
export const zeroPadded: Shortcut = (net, name, x, channels, stride) => {
  const before = Math.floor((channels - net.channels(x)) / 2);
  return net.subsample(`${name}.shortcut`, x, stride, { before, after: channels - net.channels(x) - before });
};

/** The same with all zeros behind the channels that are there, as the authors' own code has it. */
export const zeroPaddedEnd: Shortcut = (net, name, x, channels, stride) =>
  net.subsample(`${name}.shortcut`, x, stride, { before: 0, after: channels - net.channels(x) });

/** Two 3×3 convolutions; the stride is the first one's. */
export const basicBlockWith =
  (shortcut: Shortcut): Block =>
  (net, name, x, channels, stride) => {
    const first = net.conv(`${name}.conv1`, x, channels, 3, stride);
    const inner = net.relu(`${name}.relu1`, net.batchNorm(`${name}.bn1`, first), first);
    const second = net.conv(`${name}.conv2`, inner, channels, 3);
    const branch = net.batchNorm(`${name}.bn2`, second);
    const skip = isSame(net, x, channels, stride) ? x : shortcut(net, name, x, channels, stride);
    return net.relu(`${name}.relu2`, net.add(`${name}.add`, branch, skip), second);
  };
export const basicBlock = basicBlockWith(projection);

/** 1×1, 3×3 and 1×1 to four times the width; the stride is one of the first two's. */
const bottleneckStriding =
  (strides: (stride: number) => readonly [first: number, second: number]): Block =>
  (net, name, x, channels, stride) => {
    const [ofFirst, ofSecond] = strides(stride);
    const first = net.conv(`${name}.conv1`, x, channels, 1, ofFirst);
    const reduced = net.relu(`${name}.relu1`, net.batchNorm(`${name}.bn1`, first), first);
    const second = net.conv(`${name}.conv2`, reduced, channels, 3, ofSecond);
    const inner = net.relu(`${name}.relu2`, net.batchNorm(`${name}.bn2`, second), second);
    const third = net.conv(`${name}.conv3`, inner, 4 * channels, 1);
    const branch = net.batchNorm(`${name}.bn3`, third);
    const skip = isSame(net, x, 4 * channels, stride) ? x : projection(net, name, x, 4 * channels, stride);
    return net.relu(`${name}.relu3`, net.add(`${name}.add`, branch, skip), third);
  };

/** The stride is the 3×3's, as in torchvision's v1.5. */
export const bottleneck = bottleneckStriding((stride) => [1, stride]);

/** The stride is the first 1×1's, as in the paper: v1. */
export const bottleneckV1 = bottleneckStriding((stride) => [stride, 1]);

const isSame = (net: ModelBuilder, x: string, channels: number, stride: number): boolean =>
  stride === 1 && net.channels(x) === channels;
