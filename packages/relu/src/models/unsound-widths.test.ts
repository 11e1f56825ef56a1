import { expect, it } from "vitest";
import { models } from "./catalog.ts";
import { type Model, nodesOf } from "./model.ts";
import { narrow } from "./narrow.ts";
import { leastSoundWidth, leastSoundWidths } from "./unsound-widths.ts";

const built = (name: string, side = 32) => models[name]?.build([side, side, 3], 10) as Model;

it("a network of 16 channels becomes unsound below half its width, one of 64 below an eighth", () => {
  expect(leastSoundWidth(built("resnet8"))).toBe(1 / 2);
  expect(leastSoundWidth(built("resnet18"))).toBe(1 / 8);
  expect(leastSoundWidth(built("vgg16-bn"))).toBe(0); // no 1x1 filter
});

it("at the least width every 1x1 filter with stride has eight channels, just below it one has fewer", () => {
  const fewest = (model: Model) =>
    Math.min(
      ...nodesOf(model, "conv").flatMap((conv) => (conv.kernel === 1 && conv.stride > 1 ? [conv.channelsIn] : [])),
    );
  for (const { model, width } of leastSoundWidths().filter(({ width }) => width > 0)) {
    const whole = built(model, models[model]?.sides[0]);
    expect(fewest(narrow(whole, width))).toBe(8);
    expect(fewest(narrow(whole, width - 1e-6))).toBe(7);
  }
});

it("no network is unsound at full width", () => {
  expect(leastSoundWidths().filter(({ width }) => width > 1)).toEqual([]);
  expect(leastSoundWidths().map(({ model }) => model)).toEqual(Object.keys(models));
});
