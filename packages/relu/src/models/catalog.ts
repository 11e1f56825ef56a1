import type { Model, Shape } from "./model.ts";
import { basicResNet } from "./resnet.ts";

interface Family {
  /** Builds the network for a dataset's images and classes. */
  build: (input: Shape, classes: number) => Model;
  /** Side lengths of the images that it is made for. */
  sides: readonly number[];
}

const cifarResNet = (name: string, blocks: number): Family => ({
  sides: [32],
  build: (input, classes) =>
    basicResNet({ name, input, classes, widths: [16, 32, 64], blocks: [blocks, blocks, blocks] }),
});
const wideResNet = (name: string, blocks: readonly number[]): Family => ({
  sides: [32, 64],
  build: (input, classes) => basicResNet({ name, input, classes, widths: [64, 128, 256, 512], blocks }),
});

/** Every model by name. */
export const models: Record<string, Family> = {
  resnet8: cifarResNet("resnet8", 1),
  resnet20: cifarResNet("resnet20", 3),
  resnet56: cifarResNet("resnet56", 9),
  resnet18: wideResNet("resnet18", [2, 2, 2, 2]),
  resnet34: wideResNet("resnet34", [3, 4, 6, 3]),
};

export const modelNames = Object.keys(models);
