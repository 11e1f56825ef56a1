import { type Model, models } from "@reluctant/relu";
import { weightShapes } from "@reluctant/stages";
import { describe, expect, it } from "vitest";
import { definitionOrders, type Layer, type Shapes } from "./layers.ts";
import { mapTensors } from "./mapping.ts";

const build = (name: string, side = 32): Model =>
  (models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], 10);
const renamed = (shapes: Shapes, rename: (name: string) => string) =>
  new Map([...shapes].map(([name, shape]) => [rename(name), shape]));
/** The tensors of layers in a row, named by what `nameOf` says of each layer. */
const inOrder = (model: Model, layers: readonly Layer[], nameOf: (place: number) => string) => {
  const theirs = new Map<string, { ours: string; shape: readonly number[] }>();
  layers.forEach(({ name, tensors }, place) => {
    for (const tensor of tensors) {
      const ours = `${name}.${tensor}`;
      theirs.set(`${nameOf(place)}.${tensor}`, { ours, shape: weightShapes(model).get(ours) ?? [] });
    }
  });
  return {
    shapes: new Map([...theirs].map(([name, { shape }]) => [name, shape])),
    expected: [...theirs.values()].map(({ ours }) => ours),
  };
};
const letters = (place: number) => [...String(place)].map((digit) => "abcdefghij"[Number(digit)]).join("");
const ordered = { isOrdered: true };
const sorted = { isOrdered: false };

/** As weiaicunzai's code names a residual network. */
const asWeiaicunzai = (name: string) =>
  name
    .replace(/^conv1\./, "conv1.0.")
    .replace(/^bn1\./, "conv1.1.")
    .replace(/^layer(\d)\./, (_, group) => `conv${Number(group) + 1}_x.`)
    .replace(
      /\.(conv|bn)(\d)\./,
      (_, op, place) => `.residual_function.${3 * (Number(place) - 1) + (op === "bn" ? 1 : 0)}.`,
    )
    .replace(/\.downsample\./, ".shortcut.");

describe("a file's tensors are resolved by name", () => {
  it.each([
    ["resnet18", 32, asWeiaicunzai],
    ["resnet50", 224, asWeiaicunzai],
    ["resnet20", 32, (name: string) => name.replace(".downsample.", ".shortcut.").replace(/^fc/, "linear")],
    ["wrn22-8", 32, (name: string) => name.replace(".downsample.0", ".shortcut.0").replace(/^fc/, "linear")],
    ["vgg16-bn", 32, (name: string) => name.replace("classifier", "fc")],
    ["resnet20-option-a", 32, (name: string) => name.replace(/^fc/, "linear")],
    [
      "preact-resnet18-open",
      32,
      (name: string) => name.replace(".downsample.0", ".shortcut.0").replace(/^fc/, "linear"),
    ],
    ["vgg16-bn-5-pools", 32, (name: string) => name.replace("features", "feature")],
    ["vgg16-bn-3-dense", 32, (name: string) => `module.${name}`],
  ])("of %s for %d pixels, as another code line names it", (name, side, rename) => {
    const model = build(name, side);
    const shapes = renamed(weightShapes(model), rename);
    expect([...shapes.keys()]).not.toEqual([...weightShapes(model).keys()]);
    const { by, tensors } = mapTensors(shapes, model, sorted);
    expect([by, tensors.map(({ ours }) => ours)]).toEqual(["name", [...weightShapes(model).keys()]]);
  });

  it("and by shape where names leave one layer of a kind", () => {
    const model = build("resnet18");
    const shapes = renamed(
      weightShapes(model),
      (name) => `net.${name.replace(/^fc/, "head").replace(/^conv1/, "stem")}`,
    );
    const { by, tensors } = mapTensors(shapes, model, sorted);
    expect([by, tensors.map(({ ours }) => ours)]).toEqual(["shape", [...weightShapes(model).keys()]]);
  });

  it("inside wrappers of any depth", () => {
    const model = build("resnet8");
    const { wrapper, tensors } = mapTensors(
      renamed(weightShapes(model), (name) => `_orig_mod.module.net.${name}`),
      model,
      sorted,
    );
    expect([wrapper, tensors[0]]).toEqual([
      "_orig_mod.module.net.",
      { theirs: "_orig_mod.module.net.conv1.weight", ours: "conv1.weight", shape: [16, 3, 3, 3] },
    ]);
  });
});

describe("a file's tensors of unknown names are resolved by shapes and order", () => {
  it.each([
    ["resnet20", 0],
    ["resnet20", 1],
    ["resnet18", 1],
    ["resnet18", 2],
    ["resnet50", 0],
    ["resnet50", 1],
    ["resnet50", 2],
    ["wrn22-8", 0],
    ["wrn22-8", 1],
    ["vgg16-bn", 0],
  ])("of %s, defined in order %d", (name, which) => {
    const model = build(name);
    const { shapes, expected } = inOrder(model, definitionOrders(model)[which] as Layer[], (place) => `ops.${place}`);
    const { by, tensors } = mapTensors(
      renamed(shapes, (tensor) => `net.${tensor}`),
      model,
      ordered,
    );
    expect([by, tensors.map(({ ours }) => ours)]).toEqual(["order", expected]);
  });

  it("where the file is sorted, by names in natural order", () => {
    const model = build("resnet20");
    const { shapes, expected } = inOrder(model, definitionOrders(model)[0] as Layer[], (place) => `op${place}`);
    const alphabetical = new Map([...shapes].sort(([a], [b]) => (a < b ? -1 : 1)));
    const { tensors } = mapTensors(alphabetical, model, sorted);
    expect(new Map(tensors.map(({ theirs, ours }) => [theirs, ours]))).toEqual(
      new Map([...shapes.keys()].map((name, i) => [name, expected[i]])),
    );
  });

  it.each<[string, (model: Model, layers: readonly Layer[]) => Shapes, RegExp]>([
    [
      "whose batch norms follow all convolutions",
      (model, layers) =>
        inOrder(
          model,
          layers.toSorted((a, b) => a.kind.length - b.kind.length),
          letters,
        ).shapes,
      /neither names nor order say which .* is which: "\w+", .* may each be "/,
    ],
    [
      "whose numbers run against its order",
      (model, layers) => inOrder(model, layers, (place) => `op${100 - place}`).shapes,
      /"op100" stands before "op99": its order and its names contradict each other/,
    ],
    [
      "of another depth",
      () => inOrder(build("resnet20"), definitionOrders(build("resnet20"))[0] as Layer[], letters).shapes,
      /of the layers of resnet8 it has 7 of 3 batch norm \[16\], 6 of 2 convolution \[16,16,3,3\]/,
    ],
  ])("but refused for one %s", (_, make, message) => {
    const model = build("resnet8");
    expect(() => mapTensors(make(model, definitionOrders(model)[0] as Layer[]), model, ordered)).toThrow(message);
  });

  it("but refused where a name that we know means another tensor by its place", () => {
    const model = build("resnet8");
    const { shapes } = inOrder(model, definitionOrders(model)[0] as Layer[], letters);
    const fourth = [...shapes.keys()].filter((name) => shapes.get(name)?.length === 4)[1] as string; // layer1.0.conv1's
    const spoilt = renamed(shapes, (name) => (name === fourth ? "layer1.0.conv2.weight" : name));
    expect(() => mapTensors(spoilt, model, ordered)).toThrow(
      /is "layer1\.0\.conv2\.weight" by its name and "layer1\.0\.conv1\.weight" by its shape/,
    );
  });
});

describe("a file's tensors are refused", () => {
  it("where shortcuts have no parameters, as that", () => {
    const model = build("resnet20");
    const shapes = new Map([...weightShapes(model)].filter(([name]) => !name.includes("downsample")));
    expect(() => mapTensors(shapes, model, ordered)).toThrow(
      /found \d+ tensors of a resnet20 with parameter-free shortcuts/,
    );
  });

  it("where batch norms were folded away", () => {
    const model = build("resnet8");
    const folded = new Map(
      [...weightShapes(model)].flatMap(([name, shape]): [string, readonly number[]][] =>
        shape.length === 4
          ? [
              [name, shape],
              [name.replace("weight", "bias"), shape.slice(0, 1)],
            ]
          : [],
      ),
    );
    expect(() => mapTensors(folded, model, ordered)).toThrow(/no statistics of batch norms: they were folded/);
  });

  it("where there are none", () => {
    expect(() => mapTensors(new Map(), build("resnet8"), ordered)).toThrow(/holds no tensor/);
  });
});
