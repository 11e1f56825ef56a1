import fc from "fast-check";
import { expect, test } from "vitest";
import { augmentation, centerCrop, resizedCrop } from "./augmentation.ts";

test("crops reach every place of the padded image about equally often and flip every second image", () => {
  const count = 8100;
  const drawn = Array.from({ length: count }, (_, index) =>
    augmentation({ seed: 3, epoch: 2, index, pad: 4, flip: true }),
  );
  const places = new Map<string, number>();
  for (const { dx, dy } of drawn) places.set(`${dx},${dy}`, (places.get(`${dx},${dy}`) ?? 0) + 1);
  expect(places.size).toBe(81);
  // 100 expected at each of 81 places, standard deviation 10
  expect(Math.max(...places.values())).toBeLessThan(150);
  expect(Math.min(...places.values())).toBeGreaterThan(50);
  expect(Math.max(...drawn.map(({ dx, dy }) => Math.max(Math.abs(dx), Math.abs(dy))))).toBe(4);
  const flipped = drawn.filter((one) => one.flipped).length / count;
  expect(Math.abs(flipped - 0.5)).toBeLessThan(0.03);
});

test("without padding or flip an image stays as it is", () => {
  for (let index = 0; index < 50; index++) {
    const { dx, dy, flipped } = augmentation({ seed: 1, epoch: 0, index, pad: 0, flip: false });
    expect([dx, dy, flipped].map(Number)).toEqual([0, 0, 0]);
  }
});

const sizes = { height: fc.integer({ min: 1, max: 2_000 }), width: fc.integer({ min: 1, max: 2_000 }) };

test("a resized crop lies within its image, whatever its shape, and a center crop in its middle", () => {
  const cases = fc.record({ ...sizes, seed: fc.nat(), epoch: fc.nat({ max: 300 }), index: fc.nat({ max: 5_000_000 }) });
  const inside = (part: ReturnType<typeof resizedCrop>, { height, width }: { height: number; width: number }) =>
    part.top >= 0 &&
    part.left >= 0 &&
    part.height >= 1 &&
    part.width >= 1 &&
    part.top + part.height <= height &&
    part.left + part.width <= width;
  fc.assert(
    fc.property(cases, (one) => {
      const part = resizedCrop(one);
      expect(inside(part, one)).toBe(true);
      expect(resizedCrop(one)).toEqual(part);
      const middle = centerCrop(one, { resize: 256, crop: 224 });
      expect(inside(middle, one)).toBe(true);
      expect(Math.abs(one.height - middle.height - 2 * middle.top)).toBeLessThanOrEqual(1);
      expect(Math.abs(one.width - middle.width - 2 * middle.left)).toBeLessThanOrEqual(1);
    }),
  );
});

test("resized crops have torchvision's areas, ratios and places", () => {
  const [height, width] = [375, 500];
  const drawn = Array.from({ length: 20_000 }, (_, index) => resizedCrop({ seed: 5, epoch: 1, index, height, width }));
  const mean = (value: (part: (typeof drawn)[number]) => number) =>
    drawn.reduce((sum, part) => sum + value(part), 0) / drawn.length;
  // The algorithm of RandomResizedCrop.get_params in Python with its own generator, 200,000 draws: 0.4332, 0.0305, 0.5, 0.5
  expect(mean((part) => (part.height * part.width) / (height * width))).toBeCloseTo(0.433, 2);
  expect(mean((part) => Math.log(part.width / part.height))).toBeCloseTo(0.0305, 2);
  expect(mean((part) => (part.left + part.width / 2) / width)).toBeCloseTo(0.5, 2);
  expect(mean((part) => (part.top + part.height / 2) / height)).toBeCloseTo(0.5, 2);
  for (const { width: w, height: h } of drawn) {
    expect(w / h).toBeGreaterThan(0.74);
    expect(w / h).toBeLessThan(1.35);
  }
});

test("an image too long for any ratio gives its middle, as torchvision's does", () => {
  const of = { seed: 1, epoch: 0, index: 0 };
  expect(resizedCrop({ ...of, height: 10, width: 1_000 })).toEqual({ top: 0, left: 493, height: 10, width: 13 });
  expect(resizedCrop({ ...of, height: 1_000, width: 10 })).toEqual({ top: 493, left: 0, height: 13, width: 10 });
});
