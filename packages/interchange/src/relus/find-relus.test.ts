import { type Model, models, onesOf, reluCount, reluLayers } from "@reluctant/relu";
import type { HostTensor } from "@reluctant/stages";
import { describe, expect, it } from "vitest";
import { findRelus, parted, readMasks } from "./find-relus.ts";

const build = (name: string): Model => (models[name] as NonNullable<(typeof models)[string]>).build([32, 32, 3], 10);
const resnet8 = build("resnet8");
const layers = reluLayers(resnet8);

/** A tensor [1, c, h, w] of a layer, its values by channel, row and column. */
const tensorOf = (
  [height, width, channels]: readonly [number, number, number],
  value: (channel: number, row: number, column: number) => number,
): HostTensor => ({
  shape: [1, channels, height, width],
  values: Float32Array.from({ length: channels * height * width }, (_, i) =>
    value(Math.floor(i / height / width), Math.floor(i / width) % height, i % width),
  ),
});
const bits = (channel: number, row: number, column: number) => (channel + 2 * row + 3 * column) % 2;
/** By name of the layer. */
const all = (nameOf: (layer: string, place: number) => string, value = bits) =>
  new Map(layers.map(({ name, shape }, place) => [nameOf(name, place), tensorOf(shape, value)]));
const sorted = { isOrdered: false };

describe("masks of other files", () => {
  it.each<[string, (layer: string, place: number) => string]>([
    ["by our export's names", (layer) => `${layer}.mask`],
    ["by the layers' names", (layer) => `module.${layer}`],
    ["by our export's names, wrapped", (layer) => `net.module.${layer}.mask`],
    ["in order", (_, place) => `arr_${place}`],
  ])("are read %s, from [c, h, w] to [h, w, c]", (_, nameOf) => {
    const { masks } = readMasks(all(nameOf), resnet8, {}, sorted);
    const [height, width, channels] = (layers[0] as (typeof layers)[number]).shape;
    for (const [row, column, channel] of [
      [0, 0, 0],
      [1, 2, 3],
      [height - 1, width - 1, channels - 1],
      [5, 4, 1],
    ] as const)
      expect(masks[0]?.[(row * width + column) * channels + channel]).toBe(bits(channel, row, column));
    expect(masks.map(({ length }) => length)).toEqual(layers.map(({ units }) => units));
  });

  it("bring their polynomials within wrappers, too, and none that is of no layer", () => {
    const polynomial = (layer: string, channels: number) =>
      [`module.${layer}.polynomial`, { shape: [3, channels], values: new Float32Array(3 * channels).fill(2) }] as const;
    const masks = all((layer) => `module.${layer}.mask`);
    const { polynomials } = readMasks(new Map([...masks, polynomial("relu1", 16)]), resnet8, {}, sorted);
    expect([...polynomials]).toEqual([["relu1", new Float32Array(48).fill(2)]]);
    expect(() => readMasks(new Map([...masks, polynomial("relu9", 16)]), resnet8, {}, sorted)).toThrow(
      'polynomial "relu9.polynomial" is of no ReLU layer of resnet8',
    );
    expect(() => readMasks(new Map([...masks, polynomial("relu1", 8)]), resnet8, {}, sorted)).toThrow(
      '"relu1.polynomial" has shape [3,8]; needs [3,16]',
    );
  });

  it("keep the first parts of their names where these are the layers' own", () => {
    const vgg = build("vgg16-bn");
    const masks = (wrapper: string) =>
      new Map(
        reluLayers(vgg).map(({ name, units }) => [
          `${wrapper}${name}`,
          { shape: [units], values: new Float32Array(units) },
        ]),
      );
    for (const wrapper of ["", "module."])
      expect(readMasks(masks(wrapper), vgg, {}, sorted).masks).toHaveLength(reluLayers(vgg).length);
  });

  it("cut scores at a threshold, or to the largest so many", () => {
    const scores = all(
      (layer) => layer,
      (channel) => channel / 100,
    );
    const kept = (keeping: object) =>
      readMasks(scores, resnet8, keeping, sorted).masks.reduce((sum, mask) => sum + onesOf(mask), 0);
    expect(kept({ budget: 1234 })).toBe(1234);
    expect(kept({ threshold: 0.005 })).toBe(
      layers.reduce((sum, { units, shape: [, , channels] }) => sum + units - units / channels, 0),
    );
    expect(() => kept({})).toThrow(/"relu1" holds numbers between 0 and 1.*--threshold T.*or --budget N/);
    expect(() => kept({ budget: 1e6 })).toThrow(/--budget 1000000: the network has 73728 ReLUs/);
    expect(() =>
      readMasks(
        all((layer) => layer),
        resnet8,
        { budget: 5 },
        sorted,
      ),
    ).toThrow(/of 0 and 1 and keep \d+ ReLUs/);
  });

  it.each<[string, ReadonlyMap<string, HostTensor>, RegExp]>([
    ["one too few", new Map([...all((_, place) => `m${place}`)].slice(1)), /has 6 masks, none named.*resnet8 has 7/],
    [
      "another order",
      new Map([...all((_, place) => `m${9 - place}`)]),
      /mask 1, "m3", has shape \[1,64,8,8\], and ReLU layer 1 of resnet8, relu1, another/,
    ],
    ["a layer without one", new Map([...all((layer) => layer)].slice(1)), /no mask of ReLU layer relu1/],
    [
      "a layer that is not there",
      new Map([...all((layer) => layer), ["layer9.relu", tensorOf([1, 1, 1], bits)]]),
      /mask "layer9.relu" is of no ReLU layer/,
    ],
    [
      "NaN",
      all(
        (layer) => layer,
        () => Number.NaN,
      ),
      /"relu1" holds NaN/,
    ],
    [
      "one number for a layer that is none",
      new Map([...all((layer) => layer), ["relu1", { shape: [1], values: Float32Array.of(Number.POSITIVE_INFINITY) }]]),
      /"relu1" holds Infinity, which keeps no ReLU and drops none/,
    ],
  ])("are refused for %s", (_, tensors, message) => {
    expect(() => readMasks(tensors, resnet8, {}, sorted)).toThrow(message);
  });
});

describe("the ReLUs of SNL's files", () => {
  const resnet18 = build("resnet18");
  const alphas = (value: number) =>
    new Map(
      reluLayers(resnet18)
        .slice(1)
        .map(({ name, shape }) => [`${name.replace(".relu", ".alpha")}.alphas`, tensorOf(shape, () => value)]),
    );

  it("are slopes of the blocks' layers: the stem keeps none", () => {
    expect([...alphas(1).keys()][0]).toBe("layer1.0.alpha1.alphas");
    const { masks = [] } = findRelus(alphas(1), resnet18, {}) ?? {};
    expect(onesOf(masks[0] as Uint8Array)).toBe(0);
    expect(masks.reduce((sum, mask) => sum + onesOf(mask), 0)).toBe(491_520); // as SNL counts a ResNet-18
    expect(() => findRelus(alphas(0.3), resnet18, {})).toThrow(/--threshold/);
    expect(onesOf(findRelus(alphas(0.3), resnet18, { threshold: 0.01 })?.masks[1] as Uint8Array)).toBe(65_536);
  });

  it("are found in a wide network by its own names", () => {
    const wide = build("wrn22-8");
    const tensors = new Map(
      reluLayers(wide)
        .slice(0, -1)
        .map(({ name, shape }) => [
          `${name.replace(/^layer(\d)\.(\d)\.relu/, "block$1.layer.$2.alpha")}.alphas`,
          tensorOf(shape, () => 1),
        ]),
    );
    const { masks = [] } = findRelus(tensors, wide, {}) ?? {};
    expect(masks.reduce((sum, mask) => sum + onesOf(mask), 0)).toBe(1_359_872);
  });
});

describe("the ReLUs of AutoReP's files", () => {
  /** Indicators up but for channel 0, scores above the hysteresis but for channel 1. */
  const indicators = () =>
    new Map(
      layers.flatMap(({ shape }, place): [string, HostTensor][] => [
        [`act.alpha_aux_${place}_0`, tensorOf(shape, (channel) => (channel === 1 ? -0.004 : 0.002))],
        [`act.alpha_mask_${place}_0`, tensorOf(shape, (channel) => (channel === 0 ? 0 : 1))],
      ]),
    );
  const polynomials = () =>
    layers.flatMap(({ shape: [, , channels] }, place): [string, HostTensor][] =>
      [0, 1, 2].map((power) => [
        `act.poly_para_${place}_${power}`,
        { shape: [1, channels, 1, 1], values: new Float32Array(channels).fill(power + 0.5) },
      ]),
    );

  it("are indicators, moved as its next pass would", () => {
    const { masks = [], polynomials: none } = findRelus(indicators(), resnet8, {}) ?? {};
    const dropped = layers.map(({ units, shape: [, , channels] }) => (2 * units) / channels);
    expect(masks.map((mask) => mask.length - onesOf(mask))).toEqual(dropped);
    expect(none?.size).toBe(0);
  });

  it("move at 0.003, or where their own threshold was another", () => {
    const kept = (threshold?: number) => {
      const found = findRelus(indicators(), resnet8, { threshold });
      return [found?.hysteresis, found?.masks.reduce((sum, mask) => sum + onesOf(mask), 0)];
    };
    const withoutChannels = (count: number) =>
      layers.reduce((sum, { units, shape: [, , channels] }) => sum + units - (count * units) / channels, 0);
    expect(kept()).toEqual([0.003, withoutChannels(2)]);
    expect(kept(0.005)).toEqual([0.005, withoutChannels(1)]); // −0.004 moves none
    expect(kept(0.001)).toEqual([0.001, withoutChannels(1)]); // 0.002 moves channel 0 up
    expect(() => kept(-1)).toThrow(/--threshold -1: that of AutoReP's indicators is 0 or more/);
  });

  it("lie beside what only trains: statistics of its own and a counter", () => {
    const beside = [
      ["act.bn_0.running_mean", { shape: [16], values: new Float32Array(16) }],
      ["act.bn_0.running_var", { shape: [16], values: new Float32Array(16) }],
      ["act.itr_cnt", { shape: [1], values: Float32Array.of(508) }],
    ] as const;
    const conv = ["conv1.weight", tensorOf([3, 3, 3], bits)] as const;
    const { weights, relus } = parted(new Map<string, HostTensor>([conv, ...indicators(), ...beside]));
    expect([...weights.keys()]).toEqual(["conv1.weight"]);
    expect([...relus.keys()]).toEqual([...indicators().keys()]);
    expect(parted(new Map<string, HostTensor>(beside)).weights.size).toBe(3); // anybody else's are weights
  });

  it("are refused with polynomials of degree 1", () => {
    const linear = polynomials().filter(([name]) => !name.endsWith("_2"));
    expect(() => findRelus(new Map([...indicators(), ...linear]), resnet8, {})).toThrow(
      /of degree 1, and only those of/,
    );
  });

  it("have polynomials, whose square's scale only their maker knows", () => {
    const tensors = new Map([...indicators(), ...polynomials()]);
    expect(() => findRelus(tensors, resnet8, {})).toThrow(/scale_x2.*--scale-x2/);
    const found = findRelus(tensors, resnet8, { squareScale: 0.1 })?.polynomials.get("relu1") as Float32Array;
    expect([found[0], found[16], found[32]]).toEqual([0.5, 1.5, 0.25]);
  });
});

it("a network without any has none", () => {
  const weights = new Map([["conv1.weight", tensorOf([3, 3, 3], bits)]]);
  expect(parted(weights)).toEqual({ weights, relus: new Map() });
  expect(findRelus(weights, resnet8, {})).toBeNull();
  expect(reluCount(resnet8)).toBe(73_728);
});
