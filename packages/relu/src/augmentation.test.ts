import { expect, test } from "vitest";
import { augmentation } from "./augmentation.ts";

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
