import { models, onesOf, reluLayers, uniformAllocation } from "@reluctant/relu";
import { describe, expect, it } from "vitest";
import { channelCounts, maskChoice, randomMasks, topMasks } from "./choose-masks.ts";

const setup = (budget: number, name = "resnet8") => {
  const layers = reluLayers((models[name] as (typeof models)[string]).build([32, 32, 3], 10));
  const allocation = uniformAllocation(
    layers.map(({ units }) => units),
    budget,
  );
  return { layers, allocation };
};

describe("masks from an allocation", () => {
  it("keeps exactly r_l units of each layer, at random and by score", () => {
    const { layers, allocation } = setup(5000);
    const choice = maskChoice(layers, allocation, "pixel");
    const scores = layers.map(({ units }) => Float32Array.from({ length: units }, (_, unit) => unit % 11));
    expect(randomMasks(choice, 1).map(onesOf)).toEqual(allocation);
    expect(topMasks(choice, scores).map(onesOf)).toEqual(allocation);
    expect(randomMasks(choice, 2)).not.toEqual(randomMasks(choice, 1));
  });

  it("keeps whole channels with the largest sums, within the budget", () => {
    const { layers, allocation } = setup(20_000);
    const choice = maskChoice(layers, allocation, "channel");
    const scores = layers.map(({ units, shape: [, , channels] }) =>
      Float32Array.from({ length: units }, (_, unit) => unit % channels),
    );
    topMasks(choice, scores).forEach((mask, l) => {
      const {
        shape: [height, width, channels],
      } = layers[l] as (typeof layers)[number];
      const kept = Array.from({ length: channels }, (_, c) =>
        mask.reduce((sum, bit, unit) => sum + (unit % channels === c ? bit : 0), 0),
      );
      const count = choice.counts[l] as number;
      expect(kept).toEqual([...Array(channels - count).fill(0), ...Array(count).fill(height * width)]);
    });
  });

  it("leaves less than one of the smallest channels unused at 25,000 units of ResNet-18", () => {
    const { layers, allocation } = setup(25_000, "resnet18");
    const reached = channelCounts(layers, allocation).reduce((sum, count, l) => {
      const {
        shape: [height, width],
      } = layers[l] as (typeof layers)[number];
      return sum + count * height * width;
    }, 0);
    expect(reached).toBeLessThanOrEqual(25_000);
    expect(reached).toBeGreaterThan(25_000 - 16);
  });
});
