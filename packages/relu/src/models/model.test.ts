import { describe, expect, it } from "vitest";
import { models } from "./catalog.ts";
import { macCount, parameterCount, reluCount, reluCountWithoutStem, reluLayers, type Shape } from "./model.ts";

const build = (name: string, side = 32, classes = 10) => {
  const input: Shape = [side, side, 3];
  const family = models[name];
  if (!family) throw new Error(`no model ${name}`);
  return family.build(input, classes);
};

describe("model counts", () => {
  it.each([
    // ReLU units, without the stem, parameters (M), MACs (G): PAPER §7's table; ResNet-20 from He et al. 2016 (0.27 M, 41 MMAC).
    ["resnet18", 32, 557_056, 491_520, 11.2, 0.555],
    ["resnet18", 64, 2_228_224, 1_966_080, 11.2, 2.22],
    ["resnet34", 32, 966_656, 901_120, 21.3, 1.16],
    ["resnet20", 32, 188_416, 172_032, 0.27, 0.041],
    ["resnet8", 32, 73_728, 57_344, 0.078, 0.0125],
  ] as const)("%s at %i", (name, side, units, withoutStem, millions, gigaMacs) => {
    const model = build(name, side);
    expect(reluCount(model)).toBe(units);
    expect(reluCountWithoutStem(model)).toBe(withoutStem);
    expect(parameterCount(model) / 1e6).toBeCloseTo(millions, millions > 1 ? 1 : 2);
    expect(macCount(model) / 1e9 / gigaMacs).toBeCloseTo(1, 1);
  });

  it("feeds every ReLU from a convolution of its own that is no shortcut", () => {
    const model = build("resnet20");
    const convolutions = new Map(
      model.nodes.flatMap((node) => (node.op === "conv" ? [[node.name, node] as const] : [])),
    );
    const fed = reluLayers(model).map((layer) => layer.fedBy);
    expect(new Set(fed).size).toBe(19);
    expect(fed.every((name) => convolutions.get(name)?.shortcut === false)).toBe(true);
  });

  it("has 17 ReLU layers in ResNet-18 and compares its four groups", () => {
    const model = build("resnet18");
    expect(reluLayers(model)).toHaveLength(17);
    expect(model.groups).toEqual(["layer1.1.relu2", "layer2.1.relu2", "layer3.1.relu2", "layer4.1.relu2"]);
  });
});
