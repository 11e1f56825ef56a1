import { expect, it } from "vitest";
import { models } from "./catalog.ts";
import { type Model, nodesOf } from "./model.ts";
import { narrow } from "./narrow.ts";
import { leastSoundWidths, leastWidthOf } from "./unsound-widths.ts";

const built = (name: string, side = 32) => models[name]?.build([side, side, 3], 10) as Model;

it("the least width grows with the channels that are asked of the narrowest 1x1 filter with stride", () => {
  expect(leastWidthOf(built("resnet8"), 8)).toBe(1 / 2);
  expect(leastWidthOf(built("resnet8"), 16)).toBe(1);
  expect(leastWidthOf(built("resnet18"), 8)).toBe(1 / 8);
  expect(leastWidthOf(built("vgg16-bn"), 16)).toBe(0); // has none
});

it("at the least width such filters have as many channels, just below it fewer", () => {
  const fewest = (model: Model) =>
    Math.min(
      ...nodesOf(model, "conv").flatMap((conv) => (conv.kernel === 1 && conv.stride > 1 ? [conv.channelsIn] : [])),
    );
  for (const { model, byOneThread, byMore } of leastSoundWidths().filter(({ byMore }) => byMore > 0)) {
    const whole = built(model, models[model]?.sides[0]);
    for (const [width, channels] of [
      [byOneThread, 8],
      [byMore, 16],
    ] as const) {
      expect(fewest(narrow(whole, width))).toBe(channels);
      expect(fewest(narrow(whole, width - 1e-6))).toBe(channels - 1);
    }
  }
});

it("no network of full width was unsound", () => {
  expect(leastSoundWidths().filter(({ byMore }) => byMore > 1)).toEqual([]);
  expect(leastSoundWidths().map(({ model }) => model)).toEqual(Object.keys(models));
});
