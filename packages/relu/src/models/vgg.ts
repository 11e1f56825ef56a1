import { ModelBuilder } from "./builder.ts";
import type { Model, Shape } from "./model.ts";

/** Width and number of each block's convolutions. */
const blocks = [
  { width: 64, convolutions: 2 },
  { width: 128, convolutions: 2 },
  { width: 256, convolutions: 3 },
  { width: 512, convolutions: 3 },
  { width: 512, convolutions: 3 },
] as const;

/**
 * VGG16 with batch norm (Simonyan & Zisserman 2015). A 2×2 max-pool ends each of the first `pools` blocks: after three
 * alone the last two blocks work at 4×4 from 32 pixels, 294,912 ReLU units, after four or five these are 276,480. Layers have
 * torchvision's places in `features`; pools left out keep theirs free, so that names stay the same. A convolution here has no
 * bias: the batch norm behind it takes one away.
 */
export function vgg16(options: {
  name: string;
  input: Shape;
  classes: number;
  pools: 3 | 4 | 5;
  /** Widths of the dense layers before the last, each with a ReLU. They need maps of one position: five pools of 32 pixels. */
  hidden: readonly number[];
}): Model {
  const { name, input, classes, pools, hidden } = options;
  const net = new ModelBuilder();
  let x = net.input(input);
  let place = 0;
  blocks.forEach(({ width, convolutions }, block) => {
    for (let i = 0; i < convolutions; i++) {
      const convolution = net.conv(`features.${place++}`, x, width, 3);
      const normalized = net.batchNorm(`features.${place++}`, convolution);
      x = net.relu(`features.${place++}`, normalized, convolution);
    }
    net.group(x);
    if (block < pools) x = net.maxPool(`features.${place}`, x, 2, 2, 0);
    place++;
  });
  hidden.forEach((width, layer) => {
    const dense = net.hiddenDense(`classifier.${3 * layer}`, x, width); // a ReLU and a dropout have the two places behind
    x = net.relu(`classifier.${3 * layer + 1}`, dense, dense);
  });
  const last = hidden.length === 0 ? "classifier" : `classifier.${3 * hidden.length}`;
  net.dense(last, net.globalAveragePool("avgpool", x), classes);
  return net.build(name, classes);
}
