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
 * VGG16 with batch norm (Simonyan & Zisserman 2015) and one dense layer. A 2×2 max-pool ends each of the first three
 * blocks alone, so at 32 pixels the last two work at 4×4: 294,912 ReLU units, where a fourth pool would leave 276,480.
 * Layers have torchvision's places in `features`; the two pools left out keep theirs free, so that names stay the same.
 * A convolution here has no bias: the batch norm behind it takes one away.
 */
export function vgg16(name: string, input: Shape, classes: number): Model {
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
    if (block < 3) x = net.maxPool(`features.${place}`, x, 2, 2, 0);
    place++;
  });
  net.dense("classifier", net.globalAveragePool("avgpool", x), classes);
  return net.build(name, classes);
}
