import { expect, test } from "vitest";
import { catalog } from "./catalog.ts";
import { models } from "./models/catalog.ts";
import { publishedCurves } from "./published-points.ts";
import { publishedSensitivity } from "./published-sensitivity.ts";
import { recipes } from "./recipes.ts";

/** What every plain object answers to. */
const inherited = [...Object.getOwnPropertyNames(Object.prototype), "__proto__"];

test.each(Object.entries({ models, recipes, publishedSensitivity }))(
  "%s knows no name that plain objects inherit",
  (_, known) => {
    for (const name of inherited) expect([name, (known as Record<string, unknown>)[name]]).toEqual([name, undefined]);
  },
);

test("no paper reports on a data set that is called as plain objects' properties are", () => {
  for (const name of inherited) expect(publishedCurves(name, "resnet18")).toEqual([]);
});

test("a catalog lists its names in the order in which they were written, and cannot be changed", () => {
  const known = catalog({ b: 1, a: 2 }) as { b: number };
  expect(Object.entries(known)).toEqual([
    ["b", 1],
    ["a", 2],
  ]);
  expect(() => {
    known.b = 3;
  }).toThrow(TypeError);
});
