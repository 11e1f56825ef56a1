import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { models } from "./catalog.ts";
import { type Model, macCount, nodesOf, reluCount, reluLayers } from "./model.ts";
import { narrow, narrowMasks } from "./narrow.ts";

const built = (name: string) => models[name]?.build([32, 32, 3], 10) as Model;

describe.each(["resnet8", "resnet18", "wrn22-8", "vgg16-bn"])("%s at half its width", (name) => {
  const half = narrow(built(name), 0.5);
  it("has half the ReLUs and about a quarter of the multiply-accumulates", () => {
    expect(reluCount(half)).toBe(reluCount(built(name)) / 2);
    expect(macCount(half) / macCount(built(name))).toBeCloseTo(0.25, 1);
  });
  it("cuts neither image channels nor classes, and every convolution reads what comes before", () => {
    const [first] = nodesOf(half, "conv");
    expect(first?.channelsIn).toBe(3);
    expect(nodesOf(half, "dense").at(-1)?.shape[2]).toBe(10);
    for (const conv of nodesOf(half, "conv"))
      expect(half.nodes.find((node) => node.name === conv.from)?.shape[2]).toBe(conv.channelsIn);
  });
});

it("a narrow mask holds the wide one's bits of its channels, at the same places", () => {
  const model = built("resnet8");
  fc.assert(
    fc.property(fc.constantFrom(0.25, 0.5, 0.7), fc.nat(), (width, seed) => {
      const narrowed = narrow(model, width);
      const masks = reluLayers(model).map(({ units }) =>
        Uint8Array.from({ length: units }, (_, unit) => ((unit * 2_654_435_761 + seed) >>> 7) & 1),
      );
      const own = narrowMasks(model, narrowed, masks);
      reluLayers(narrowed).forEach(({ shape: [height, breadth, channels] }, layer) => {
        const stride = reluLayers(model)[layer]?.shape[2] as number;
        const [h, w, c] = [seed % height, (seed >> 3) % breadth, seed % channels];
        expect(own[layer]?.[(h * breadth + w) * channels + c]).toBe(masks[layer]?.[(h * breadth + w) * stride + c]);
      });
    }),
  );
});
