import { expect, test } from "vitest";
import { together } from "./together.ts";

/** Doubles what it is asked, in batches that are on record; each ends when it is told to. */
function setup(fails: (items: number[]) => Error | null = () => null) {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const double = together(
    async (items: number[]) => {
      batches.push(items);
      await new Promise<void>((end) => ends.push(end));
      const error = fails(items);
      if (error) throw error;
      return items.map((item) => 2 * item);
    },
    (item) => String(item % 100),
  );
  const endNext = async () => {
    while (ends.length === 0) await new Promise(setImmediate); // until a batch is on its way
    ends.shift()?.();
  };
  return { batches, double, endNext };
}

test("what is asked in one turn goes together, what is asked while it is on its way goes next, each with its own answer", async () => {
  const { batches, double, endNext } = setup();
  const first = [double(1), double(2)];
  await endNext();
  const second = [double(3), double(4), double(5)];
  expect(await Promise.all(first)).toEqual([2, 4]);
  await endNext();
  expect(await Promise.all(second)).toEqual([6, 8, 10]);
  expect(batches).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});

test("two of one key go one after the other", async () => {
  const { batches, double, endNext } = setup();
  const answers = Promise.all([double(1), double(101), double(2)]);
  await endNext();
  await endNext();
  expect(await answers).toEqual([2, 202, 4]);
  expect(batches).toEqual([[1, 2], [101]]);
});

test("of a batch that fails each is tried once alone, and only what fails alone is told so", async () => {
  const { batches, double, endNext } = setup((items) => (items.includes(2) ? new Error("two is refused") : null));
  const asked = Promise.allSettled([double(1), double(2), double(3)]);
  for (let batch = 0; batch < 4; batch++) await endNext();
  expect(await asked).toEqual([
    { status: "fulfilled", value: 2 },
    { status: "rejected", reason: expect.objectContaining({ message: "two is refused" }) },
    { status: "fulfilled", value: 6 },
  ]);
  expect(batches).toEqual([[1, 2, 3], [1], [2], [3]]);
});

test("where Postgres is away all are told, and none is tried alone", async () => {
  const { batches, double, endNext } = setup(() => Object.assign(new Error("away"), { code: "ECONNREFUSED" }));
  const asked = Promise.allSettled([double(1), double(2)]);
  await endNext();
  expect((await asked).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(batches).toEqual([[1, 2]]);
});

test("a batch whose answer does not come holds up the next for a second at most", async () => {
  const { batches, double } = setup();
  void double(1);
  await new Promise(setImmediate);
  void double(2);
  await expect.poll(() => batches, { timeout: 5_000, interval: 20 }).toEqual([[1], [2]]);
});
