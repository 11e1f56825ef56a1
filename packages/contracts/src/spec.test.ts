import { expect, test } from "vitest";
import { fieldErrors } from "./problems.ts";
import { settingsOverrideSchemaOf } from "./settings.ts";
import { experimentSpecSchemaOf, storedSpecSchemaOf } from "./spec.ts";

const experimentSpecSchema = experimentSpecSchemaOf(settingsOverrideSchemaOf({}));
const storedSpecSchema = storedSpecSchemaOf(settingsOverrideSchemaOf({}));

const spec = { name: "sweep", dataset: "cifar10", model: "resnet20", recipe: "debug", budgets: ["10%"] };
const errorsOf = (change: object) => {
  const result = experimentSpecSchema.safeParse({ ...spec, ...change });
  return result.success ? [] : fieldErrors(result.error);
};
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("seeds are a list, or a count from 1; one alone is written as a list", () => {
  const seedsOf = (seeds: number[] | { count: number }) => experimentSpecSchema.parse({ ...spec, seeds }).seeds;
  expect(seedsOf([7, 3])).toEqual([7, 3]);
  expect(seedsOf({ count: 2 })).toEqual([1, 2]);
  expect(experimentSpecSchema.parse(spec).seeds).toEqual([1]);
});

test("a bare number of seeds is refused with both spellings of what it may mean", () => {
  expect(errorsOf({ seeds: 2 })).toEqual([
    {
      field: "seeds",
      message: "must be a list or a count: [2] is the one seed 2, {count: 2} is 2 seeds, 1 to 2",
    },
  ]);
  expect(errorsOf({ seeds: "2" })[0]?.message).toContain("{count: 2}");
  expect(errorsOf({ seeds: ["one"] })[0]?.field).toBe("seeds[0]");
  expect(errorsOf({ seeds: { count: 0 } })[0]?.field).toBe("seeds.count");
  expect(errorsOf({ seeds: { count: 1_001 } })[0]?.field).toBe("seeds.count");
  expect(errorsOf({ seeds: { from: 2 } })[0]?.field).toMatch(/^seeds/);
});

test("a stored spec may have one seed written as a number, and any size", () => {
  expect(storedSpecSchema.parse({ ...spec, seeds: 2 }).seeds).toEqual([2]);
  expect(storedSpecSchema.parse({ ...spec, seeds: [1, 2] })).toEqual(
    experimentSpecSchema.parse({ ...spec, seeds: [1, 2] }),
  );
  const large = { ...spec, budgets: upTo(1_000), seeds: upTo(1_000) };
  expect(storedSpecSchema.parse(large).seeds).toHaveLength(1_000);
});

test("a sweep above 20,000 trials is refused with their number, naming each field that makes it so", () => {
  const change = { methods: ["senet", "snl"], budgets: upTo(1_000), seeds: { count: 1_000 } };
  const message = "2 methods × 1,000 budgets × 1,000 seeds make 2,000,000 trials; a spec may have at most 20,000";
  expect(errorsOf(change)).toEqual(["methods", "budgets", "seeds"].map((field) => ({ field, message })));
  expect(errorsOf({ budgets: upTo(200), seeds: { count: 100 } })).toEqual([]);
  expect(errorsOf({ budgets: upTo(201), seeds: { count: 100 } }).map(({ field }) => field)).toEqual([
    "budgets",
    "seeds",
  ]);
});

test("measurements above as many are refused at pi, whose own budgets count where it names any", () => {
  const wide = { budgets: upTo(100), seeds: { count: 200 } };
  const pi = { protocols: ["garbled", "gmw"], profiles: ["lan", "wan"], repeats: 20 };
  const message =
    "100 budgets × 200 seeds × 2 protocols × 2 profiles × 20 repeats make 1,600,000 measurements; a spec may have at most 20,000";
  expect(errorsOf({ ...wide, pi })).toEqual([{ field: "pi", message }]);
  expect(errorsOf({ ...wide, pi: {} })).toEqual([]);
  expect(errorsOf({ ...wide, pi: { ...pi, budgets: [1] } })).toEqual([]);
});

test("a list that is too long is told from its length, not item by item", () => {
  const broken = Array(400_000).fill("x");
  expect(errorsOf({ seeds: broken, budgets: broken, methods: broken }).map(({ field }) => field)).toEqual([
    "methods",
    "budgets",
    "seeds",
  ]);
});

test("startMasks begin a search: beside masks, which leave none, and before stages that end earlier, they are refused", () => {
  const startMasks = "e".repeat(64);
  expect(errorsOf({ startMasks })).toEqual([]);
  const masks = { masks: startMasks, arModel: startMasks, budgets: undefined };
  expect(errorsOf({ startMasks, ...masks })).toMatchObject([
    { field: "startMasks", message: expect.stringContaining("no search") },
  ]);
  expect(errorsOf({ startMasks, until: "train", budgets: undefined })).toEqual([
    { field: "startMasks", message: "is where a mask search begins, and until: train ends before one; leave it out" },
  ]);
});
