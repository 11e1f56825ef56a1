import fc from "fast-check";
import { expect, test } from "vitest";
import { augmentation, evaluationOrder, sampleOrder } from "./order.ts";

const epochs = fc.record({
  seed: fc.nat(),
  epoch: fc.nat(500),
  size: fc.integer({ min: 1, max: 400 }),
  batchSize: fc.integer({ min: 1, max: 64 }),
});

test("an epoch visits every sample once, in full batches but the last", () => {
  fc.assert(
    fc.property(epochs, (of) => {
      const batches = sampleOrder({ ...of, dropLast: false });
      const visited = batches.flatMap((batch) => [...batch]);
      expect(visited.sort((a, b) => a - b)).toEqual(Array.from({ length: of.size }, (_, i) => i));
      expect(batches.slice(0, -1).every((batch) => batch.length === of.batchSize)).toBe(true);
    }),
  );
});

test("training drops only a partial last batch", () => {
  fc.assert(
    fc.property(epochs, (of) => {
      const all = sampleOrder({ ...of, dropLast: false });
      expect(sampleOrder({ ...of, dropLast: true })).toEqual(all.filter((batch) => batch.length === of.batchSize));
    }),
  );
});

test("the order differs between epochs and between seeds", () => {
  const order = (seed: number, epoch: number) =>
    sampleOrder({ seed, epoch, size: 1000, batchSize: 1000, dropLast: false })[0];
  expect(order(1, 0)).toEqual(order(1, 0));
  expect(order(1, 0)).not.toEqual(order(1, 1));
  expect(order(1, 0)).not.toEqual(order(2, 0));
});

test("evaluation visits the split in its order and keeps the partial batch", () => {
  expect(evaluationOrder(5, 2).map((batch) => [...batch])).toEqual([[0, 1], [2, 3], [4]]);
});

test("a batch size that is not a whole number from 1 is refused", () => {
  expect(() => evaluationOrder(5, 0)).toThrow("batchSize is 0");
});

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
  const flipped = drawn.filter(({ flip }) => flip).length / count;
  expect(Math.abs(flipped - 0.5)).toBeLessThan(0.03);
});

test("without padding or flip an image stays as it is", () => {
  for (let index = 0; index < 50; index++) {
    const { dx, dy, flip } = augmentation({ seed: 1, epoch: 0, index, pad: 0, flip: false });
    expect([dx, dy, flip].map(Number)).toEqual([0, 0, 0]);
  }
});
