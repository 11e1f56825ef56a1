import { catalog } from "../catalog.ts";
import type { Model, Shape } from "./model.ts";
import { basicBlock, bottleneck, imagenetStem, resNet, smallStem } from "./resnet.ts";
import { vgg16 } from "./vgg.ts";
import { wideResNet } from "./wide-resnet.ts";

interface Family {
  /** Builds the network for a dataset's images and classes. */
  build: (input: Shape, classes: number) => Model;
  /** Side lengths of the images that it is made for. */
  sides: readonly number[];
}

const cifarResNet = (name: string, blocks: number): Family => ({
  sides: [32],
  build: (input, classes) =>
    resNet({
      name,
      input,
      classes,
      stem: smallStem,
      block: basicBlock,
      widths: [16, 32, 64],
      blocks: [blocks, blocks, blocks],
    }),
});

const basicResNet = (name: string, blocks: readonly number[]): Family => ({
  sides: [32, 64, 224],
  build: (input, classes) =>
    resNet({
      name,
      input,
      classes,
      stem: input[0] >= 224 ? imagenetStem : smallStem,
      block: basicBlock,
      widths: [64, 128, 256, 512],
      blocks,
    }),
});

/** Every model by name. */
export const models = catalog<Record<string, Family>>({
  resnet8: cifarResNet("resnet8", 1),
  resnet20: cifarResNet("resnet20", 3),
  resnet56: cifarResNet("resnet56", 9),
  resnet18: basicResNet("resnet18", [2, 2, 2, 2]),
  resnet34: basicResNet("resnet34", [3, 4, 6, 3]),
  resnet50: {
    sides: [224],
    build: (input, classes) =>
      resNet({
        name: "resnet50",
        input,
        classes,
        stem: imagenetStem,
        block: bottleneck,
        widths: [64, 128, 256, 512],
        blocks: [3, 4, 6, 3],
      }),
  },
  "wrn22-8": {
    sides: [32, 64],
    build: (input, classes) =>
      wideResNet({ name: "wrn22-8", input, classes, stem: 16, widths: [128, 256, 512], blocks: 3 }),
  },
  "vgg16-bn": { sides: [32], build: (input, classes) => vgg16("vgg16-bn", input, classes) },
});

export const modelNames = Object.keys(models);
