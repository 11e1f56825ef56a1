import { catalog } from "../catalog.ts";
import type { Model, Shape } from "./model.ts";
import { preActivationResNet, projectedActivation, projectedSum } from "./pre-activation.ts";
import {
  basicBlock,
  basicBlockWith,
  bottleneck,
  bottleneckV1,
  imagenetStem,
  resNet,
  smallStem,
  zeroPadded,
  zeroPaddedEnd,
} from "./resnet.ts";
import { vgg16 } from "./vgg.ts";

interface Family {
  /** Builds the network for a dataset's images and classes. */
  build: (input: Shape, classes: number) => Model;
  /** Side lengths of the images that it is made for. */
  sides: readonly number[];
}

type ResNetOptions = Parameters<typeof resNet>[0];
type PreActivationOptions = Parameters<typeof preActivationResNet>[0];
type VggOptions = Parameters<typeof vgg16>[0];
type Own<Options> = Omit<Options, "name" | "input" | "classes">;

const cifarResNet = (name: string, blocks: number, block = basicBlock): Family => ({
  sides: [32],
  build: (input, classes) =>
    resNet({
      name,
      input,
      classes,
      stem: smallStem,
      block,
      widths: [16, 32, 64],
      blocks: [blocks, blocks, blocks],
    }),
});

const imagenetWidths = [64, 128, 256, 512];

const basicResNet = (
  name: string,
  blocks: readonly number[],
  { sides, stemAt }: { sides: readonly number[]; stemAt: (side: number) => ResNetOptions["stem"] } = ownStems,
): Family => ({
  sides,
  build: (input, classes) =>
    resNet({ name, input, classes, stem: stemAt(input[0]), block: basicBlock, widths: imagenetWidths, blocks }),
});

const ownStems = { sides: [32, 64, 224], stemAt: (side: number) => (side >= 224 ? imagenetStem : smallStem) };
/** As torchvision's networks are for small images, too. */
const torchvisionStem = { sides: [32, 64], stemAt: () => imagenetStem };

const resNet50 = (name: string, block: ResNetOptions["block"]): Family => ({
  sides: [224],
  build: (input, classes) =>
    resNet({ name, input, classes, stem: imagenetStem, block, widths: imagenetWidths, blocks: [3, 4, 6, 3] }),
});

const preActivation = (name: string, own: Own<PreActivationOptions>): Family => ({
  sides: [32, 64],
  build: (input, classes) => preActivationResNet({ name, input, classes, ...own }),
});

const wide = { stem: 16, widths: [128, 256, 512], blocks: 3, end: "norm" } as const;
const preAct18 = { stem: 64, widths: imagenetWidths, blocks: 2, rest: projectedActivation } as const;

const vgg = (name: string, own: Own<VggOptions>): Family => ({
  sides: [32],
  build: (input, classes) => vgg16({ name, input, classes, ...own }),
});

/** Every model by name. What comes behind the eight first are variants of them that people train: see `questions`. */
export const models = catalog<Record<string, Family>>({
  resnet8: cifarResNet("resnet8", 1),
  resnet20: cifarResNet("resnet20", 3),
  resnet56: cifarResNet("resnet56", 9),
  resnet18: basicResNet("resnet18", [2, 2, 2, 2]),
  resnet34: basicResNet("resnet34", [3, 4, 6, 3]),
  resnet50: resNet50("resnet50", bottleneck),
  "wrn22-8": preActivation("wrn22-8", { ...wide, rest: projectedActivation }),
  "vgg16-bn": vgg("vgg16-bn", { pools: 3, hidden: [] }),
  "resnet20-option-a": cifarResNet("resnet20-option-a", 3, basicBlockWith(zeroPadded)),
  "resnet20-option-a-end": cifarResNet("resnet20-option-a-end", 3, basicBlockWith(zeroPaddedEnd)),
  "resnet56-option-a": cifarResNet("resnet56-option-a", 9, basicBlockWith(zeroPadded)),
  "resnet56-option-a-end": cifarResNet("resnet56-option-a-end", 9, basicBlockWith(zeroPaddedEnd)),
  "resnet18-imagenet-stem": basicResNet("resnet18-imagenet-stem", [2, 2, 2, 2], torchvisionStem),
  "resnet34-imagenet-stem": basicResNet("resnet34-imagenet-stem", [3, 4, 6, 3], torchvisionStem),
  "resnet50-v1": resNet50("resnet50-v1", bottleneckV1),
  "preact-resnet18": preActivation("preact-resnet18", { ...preAct18, end: "norm" }),
  "preact-resnet18-open": preActivation("preact-resnet18-open", { ...preAct18, end: "open" }),
  "wrn22-8-late-stride": preActivation("wrn22-8-late-stride", { ...wide, rest: projectedSum }),
  "vgg16-bn-4-pools": vgg("vgg16-bn-4-pools", { pools: 4, hidden: [] }),
  "vgg16-bn-5-pools": vgg("vgg16-bn-5-pools", { pools: 5, hidden: [] }),
  "vgg16-bn-3-dense": vgg("vgg16-bn-3-dense", { pools: 5, hidden: [512, 512] }),
  "vgg16-bn-3-dense-4096": vgg("vgg16-bn-3-dense-4096", { pools: 5, hidden: [4096, 4096] }),
});

export const modelNames = Object.keys(models);
