import { describe, expect, it } from "vitest";
import { modelNames, models } from "./catalog.ts";
import {
  type Model,
  macCount,
  nodesOf,
  parameterCount,
  reluCount,
  reluCountWithoutStem,
  reluLayers,
  type Shape,
} from "./model.ts";

const build = (name: string, side = 32, classes = 10) => {
  const input: Shape = [side, side, 3];
  const family = models[name];
  if (!family) throw new Error(`no model ${name}`);
  return family.build(input, classes);
};
const named = (model: Model, name: string) => {
  const node = model.nodes.find((candidate) => candidate.name === name);
  if (!node) throw new Error(`${model.name} has no node ${name}`);
  return node;
};

describe("model counts", () => {
  it.each([
    // method.md §7's table, with its MACs in G; parameters as torchvision counts its models, at their data sets' classes.
    ["resnet18", 32, 10, 557_056, 491_520, 11_173_962, 0.555],
    ["resnet18", 64, 200, 2_228_224, 1_966_080, 11_271_432, 2.22],
    ["resnet18", 224, 1000, 2_308_096, 1_505_280, 11_689_512, 1.81],
    ["resnet34", 32, 10, 966_656, 901_120, 21_282_122, 1.16],
    ["wrn22-8", 32, 10, 1_392_640, 1_359_872, 17_158_106, 2.45],
    ["vgg16-bn", 32, 10, 294_912, 294_912, 14_724_042, 0.398],
    // torchvision's: 21.8 M and 3.66 G, 25.6 M and 4.09 G.
    ["resnet34", 224, 1000, 3_562_496, 2_759_680, 21_797_672, 3.66],
    ["resnet50", 224, 1000, 9_608_704, 8_805_888, 25_557_032, 4.09],
    // He et al. 2016: 0.27 M and 0.85 M parameters, 41 and 126 MMAC.
    ["resnet20", 32, 10, 188_416, 172_032, 272_474, 0.0408],
    ["resnet56", 32, 10, 532_480, 516_096, 855_770, 0.126],
    ["resnet8", 32, 10, 73_728, 57_344, 78_042, 0.0125],
    // Without the projections of the first blocks of two groups: 16·32 + 32·64 filters, and scale and offset of each.
    ["resnet20-option-a", 32, 10, 188_416, 172_032, 269_722, 0.0405],
    // torchvision's network as it is, but for its classes.
    ["resnet18-imagenet-stem", 64, 200, 188_416, 122_880, 11_279_112, 0.148],
    ["resnet50-v1", 224, 1000, 9_081_856, 8_279_040, 25_557_032, 3.86],
    ["vgg16-bn-4-pools", 32, 10, 276_480, 276_480, 14_724_042, 0.313],
    ["vgg16-bn-5-pools", 32, 10, 276_480, 276_480, 14_724_042, 0.313],
    ["vgg16-bn-3-dense", 32, 10, 277_504, 277_504, 15_249_354, 0.314],
    ["vgg16-bn-3-dense-4096", 32, 10, 284_672, 284_672, 33_642_442, 0.332],
    ["preact-resnet18", 32, 10, 557_056, 548_864, 11_172_170, 0.555],
    ["preact-resnet18-open", 32, 10, 548_864, 548_864, 11_171_146, 0.555],
    ["wrn22-8-late-stride", 32, 10, 1_687_552, 1_654_784, 17_158_106, 2.9],
  ] as const)("%s at %i with %i classes", (name, side, classes, units, withoutStem, parameters, gigaMacs) => {
    const model = build(name, side, classes);
    expect(reluCount(model)).toBe(units);
    expect(reluCountWithoutStem(model)).toBe(withoutStem);
    expect(parameterCount(model)).toBe(parameters);
    expect(Math.abs(macCount(model) / 1e9 / gigaMacs - 1)).toBeLessThan(0.004);
  });
});

describe("every model", () => {
  it.each(modelNames)("%s feeds each ReLU from a convolution of its own that is no shortcut", (name) => {
    const model = build(name);
    const onPath = nodesOf(model, "conv").filter(({ shortcut }) => !shortcut);
    const fed = reluLayers(model).map((layer) => layer.fedBy);
    const unread = name === "preact-resnet18-open" ? ["layer4.1.conv2"] : []; // its sum is pooled without a ReLU
    expect([...fed, ...unread].sort()).toEqual(onPath.map((node) => node.name).sort());
  });

  it.each(modelNames)("%s names every node once, after what it reads, and ends in its classes", (name) => {
    const model = build(name, models[name]?.sides[0], 7);
    const written = new Set<string>();
    for (const node of model.nodes) {
      const read = [...("from" in node ? [node.from] : []), ...("with" in node ? [node.with] : [])];
      expect(read.every((from) => written.has(from))).toBe(true);
      expect(written.has(node.name)).toBe(false);
      written.add(node.name);
    }
    expect(model.groups.every((group) => written.has(group))).toBe(true);
    expect(model.nodes.at(-1)).toMatchObject({ op: "dense", shape: [1, 1, 7] });
  });

  it.each(modelNames)("%s adds only what has one shape", (name) => {
    const model = build(name);
    const shapesOf = (end: "from" | "with") => nodesOf(model, "add").map((add) => named(model, add[end]).shape);
    expect(shapesOf("with")).toEqual(shapesOf("from"));
  });
});

describe("ResNets", () => {
  it("compare their four groups after the last ReLU of each", () => {
    expect(build("resnet18").groups).toEqual(["layer1.1.relu2", "layer2.1.relu2", "layer3.1.relu2", "layer4.1.relu2"]);
    expect(build("resnet50", 224).groups).toEqual([
      "layer1.2.relu3",
      "layer2.3.relu3",
      "layer3.5.relu3",
      "layer4.2.relu3",
    ]);
  });

  it("enter the blocks at 56×56 from 224 pixels, and at full size from 32 and 64", () => {
    expect(named(build("resnet18", 224), "maxpool").shape).toEqual([56, 56, 64]);
    expect(nodesOf(build("resnet18", 64), "max-pool")).toEqual([]);
    expect(named(build("resnet18", 64), "layer1.0.conv1").shape).toEqual([64, 64, 64]);
  });

  it("stride a bottleneck on its 3×3, as torchvision's v1.5", () => {
    const model = build("resnet50", 224);
    expect(named(model, "layer2.0.conv1")).toMatchObject({ kernel: 1, stride: 1, shape: [56, 56, 128] });
    expect(named(model, "layer2.0.conv2")).toMatchObject({ kernel: 3, stride: 2, shape: [28, 28, 128] });
    expect(named(model, "layer1.0.downsample.0")).toMatchObject({ kernel: 1, stride: 1, shape: [56, 56, 256] });
  });
});

describe("WRN22-8", () => {
  it("has 19 ReLU layers, fed by the stem and by every block's two convolutions", () => {
    const layers = reluLayers(build("wrn22-8"));
    expect(layers).toHaveLength(19);
    expect(layers.slice(0, 3).map(({ name, fedBy }) => [name, fedBy])).toEqual([
      ["layer1.0.relu1", "conv1"],
      ["layer1.0.relu2", "layer1.0.conv1"],
      ["layer1.1.relu1", "layer1.0.conv2"],
    ]);
    expect(layers.at(-1)).toMatchObject({ name: "relu", fedBy: "layer3.2.conv2", units: 32_768 });
  });

  it("projects from the masked activation and skips with the raw sum", () => {
    const model = build("wrn22-8");
    expect(named(model, "layer2.0.downsample.0")).toMatchObject({ from: "layer2.0.relu1", stride: 2 });
    expect(named(model, "layer2.1.add")).toMatchObject({ with: "layer2.0.add" });
    expect(named(model, "layer1.0.downsample.0")).toMatchObject({ from: "layer1.0.relu1", stride: 1 });
  });

  it("compares each group after the next batch norm and before its ReLU", () => {
    const model = build("wrn22-8");
    expect(model.groups).toEqual(["layer2.0.bn1", "layer3.0.bn1", "bn1"]);
    const read = model.groups.map((group) => named(model, group)).map((node) => "from" in node && node.from);
    expect(read).toEqual(["layer1.2.add", "layer2.2.add", "layer3.2.add"]);
  });
});

describe("variants", () => {
  it("of option A add a subsampled map between zeros, or before them", () => {
    expect(named(build("resnet20-option-a"), "layer2.0.shortcut.pad")).toMatchObject({
      before: 8,
      after: 8,
      shape: [16, 16, 32],
    });
    expect(named(build("resnet56-option-a-end"), "layer3.0.shortcut.pad")).toMatchObject({ before: 0, after: 32 });
    expect(named(build("resnet20-option-a"), "layer2.0.shortcut.subsample")).toMatchObject({ kernel: 1, stride: 2 });
  });

  it("stride in another convolution of the block", () => {
    expect(named(build("resnet50-v1", 224), "layer2.0.conv1")).toMatchObject({ stride: 2, shape: [28, 28, 128] });
    expect(named(build("wrn22-8-late-stride"), "layer2.0.conv2")).toMatchObject({ stride: 2, shape: [16, 16, 256] });
    expect(named(build("wrn22-8-late-stride"), "layer2.0.downsample.0")).toMatchObject({ from: "layer1.2.add" });
  });

  it("reach maps of one position before dense layers with ReLUs", () => {
    expect(named(build("vgg16-bn-3-dense"), "classifier.0")).toMatchObject({ bias: true, shape: [1, 1, 512] });
  });
});

describe("VGG16-BN", () => {
  it("pools three times, so that its last two blocks work at 4×4, and keeps torchvision's places", () => {
    const model = build("vgg16-bn");
    expect(nodesOf(model, "max-pool").map(({ name }) => name)).toEqual(["features.6", "features.13", "features.23"]);
    expect(named(model, "features.40").shape).toEqual([4, 4, 512]);
    expect(model.groups).toEqual(["features.5", "features.12", "features.22", "features.32", "features.42"]);
  });
});
