import { expect, test } from "vitest";
import { holds } from "./row.ts";
import { medley } from "./rows/medley.ts";

/** The short form of `npm run crash`: one cluster, each kind of strike once. */
test("a cluster whose every part is struck in turn does all there is to do, once", { timeout: 300_000 }, async () => {
  const measures = await medley.run({ seed: 1, scale: 0.05 });
  expect(measures.filter((measure) => !holds(measure))).toEqual([]);
});
