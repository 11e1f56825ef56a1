import type { MaskMaps, ParamsOf, ResultOf } from "@reluctant/contracts";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { maskFigure, maskUpdates, shadePaths, shades } from "./mask-figure.ts";
import { maskSvg } from "./mask-svg.ts";
import { renderMasks } from "./mask-terminal.ts";

/** A layer whose upper half keeps every channel and whose lower half one of four, one of 112 × 112 places, and an empty one. */
const maps = (): MaskMaps => ({
  model: "net<8>",
  reluCount: 20 + 12_544,
  layers: [
    { layer: "relu", shape: [4, 2, 4], kept: 20, channelsKept: [4, 4, 4, 4, 1, 1, 1, 1] },
    { layer: "layer1.0.a-long-name", shape: [112, 112, 2], kept: 12_544, channelsKept: new Array(12_544).fill(1) },
    { layer: "gone", shape: [2, 2, 8], kept: 0, channelsKept: [0, 0, 0, 0] },
  ],
});
const updates = [
  { step: 10, distance: 0.5, overlap: [0.5, 0.5, 1] },
  { step: 20, distance: 0.1, overlap: [0.9, 0.75, 1] },
];

test("the figure tells of every layer what it keeps, at most where, and what the last update left", () => {
  const { panels, sentence, table } = maskFigure(maps(), { title: "t", updates });
  expect(sentence).toBe("12,564 of 25,152 ReLUs kept (50.0 %); 10.0 % exchanged at the last of 2 updates.");
  expect(panels.map(({ size, kept, max, stayed }) => ({ size, kept, max, stayed }))).toEqual([
    { size: 32, kept: 20, max: 1, stayed: 0.9 },
    { size: 25_088, kept: 12_544, max: 0.5, stayed: 0.75 },
    { size: 32, kept: 0, max: 0, stayed: 1 },
  ]);
  expect(panels.map(({ width, height }) => [width, height])).toEqual([
    [2, 4],
    [56, 56],
    [2, 2],
  ]);
  expect(table.rows[0]).toEqual(["relu", "4×2×4", "20", "32", "62.5 %", "90.0 %"]);
  expect(maskFigure(maps(), { title: "t" }).table.rows[0]?.at(-1)).toBe("–");
});

test("averaging a large map down keeps its mean, whatever is left over at the edges", () => {
  const anyMap = fc
    .integer({ min: 57, max: 130 })
    .chain((side) =>
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: side, maxLength: side }).map((row) => ({ side, row })),
    );
  fc.assert(
    fc.property(anyMap, ({ side, row }) => {
      const channelsKept = Array.from({ length: side }, () => row).flat();
      const layer = { layer: "l", shape: [side, side, 4] as [number, number, number], kept: 0, channelsKept };
      const { panels } = maskFigure({ model: "m", reluCount: 0, layers: [layer] }, { title: "" });
      const { width, height, shares } = panels[0] as (typeof panels)[0];
      expect(shares).toHaveLength(width * height);
      expect(Math.max(...shares)).toBeLessThanOrEqual(Math.max(...channelsKept) / 4);
      // Equal rows: pooled rows are equal too, so the first stands for all.
      expect(new Set(shares.filter((_, place) => place % width === 0).map((share) => share.toFixed(9))).size).toBe(1);
    }),
    { numRuns: 50 },
  );
});

test("shades cover every place that keeps something once, and nothing else", () => {
  const places = fc.array(fc.integer({ min: 0, max: 16 }), { minLength: 36, maxLength: 36 });
  fc.assert(
    fc.property(places, (channelsKept) => {
      const layer = { layer: "l", shape: [6, 6, 16] as [number, number, number], kept: 0, channelsKept };
      const panel = maskFigure({ model: "m", reluCount: 0, layers: [layer] }, { title: "" }).panels[0];
      const covered = new Array<number>(36).fill(0);
      for (const { opacity, path } of shadePaths(panel as NonNullable<typeof panel>)) {
        for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
          for (let i = 0; i < Number(run); i++) covered[Number(y) * 6 + Number(x) + i] = opacity;
        }
      }
      const most = Math.max(...channelsKept);
      channelsKept.forEach((kept, place) => {
        expect(covered[place]).toBe(kept === 0 ? 0 : Math.ceil((shades * kept) / most) / shades);
      });
    }),
  );
});

test("the SVG is well-formed, escapes names, and has a panel for each layer", () => {
  const svg = maskSvg(maskFigure(maps(), { title: "net<8> & masks", updates }));
  const { document } = parseHTML(`<html><body>${svg}</body></html>`);
  const text = document.querySelector("svg")?.textContent ?? "";
  for (const part of [
    "net<8> & masks",
    "layer1.0.a-long-name",
    "20 of 32",
    "62.5 %, at most 100 %",
    "none",
    "90 % stayed",
  ])
    expect(text).toContain(part);
  expect(svg).not.toContain("net<8>");
  expect(document.querySelectorAll("path")).toHaveLength(3); // two shades, one, none
});

test("the terminal fills what is kept with dots, as dense as the share, and never leaves its width", () => {
  const text = renderMasks(maskFigure(maps(), { title: "t" }), { width: 40 });
  const lines = text.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(lines[0]).toBe("relu              …1.0.a-long-name");
  const [first, last] = [lines[1] ?? "", lines[8] ?? ""];
  // 4 × 2 places: the map takes half the width. All dots of the upper half, a quarter of the lower.
  expect(first.slice(0, 8)).toBe("⣿".repeat(8));
  const dotsOf = (cells: string) =>
    [...cells].reduce(
      (sum, cell) =>
        sum + [...((cell.codePointAt(0) as number) & 0xff).toString(2)].filter((bit) => bit === "1").length,
      0,
    );
  expect(dotsOf(last.slice(0, 8))).toBe((8 * 8) / 4);
  expect(lines[9]).toBe("62.5 %, to 100 %  50.0 %, to 50 %");
  expect(text).toContain("none");
});

test("the updates of a descent's variant are those before it went on", () => {
  const history = [1, 2, 3, 4].map((step) => ({ step, distance: 0.1, overlap: [] }));
  const passed = (budget: number, images: number) => ({
    budget,
    images,
    reluCount: budget,
    allocation: [],
    validationAccuracy: 0.5,
  });
  const result = { history, variants: { "200": passed(200, 3 * 8), "100": passed(100, 9 * 8) } };
  const steps = (variant: string) =>
    maskUpdates(
      result as unknown as ResultOf<"mask-search">,
      { settings: { batchSize: 8 } } as ParamsOf<"mask-search">,
      variant,
    ).map(({ step }) => step);
  expect(steps("200")).toEqual([1, 2]); // at step 3 it passed 200, then removed further
  expect(steps("100")).toEqual([1, 2, 3, 4]);
  expect(steps("full")).toEqual([1, 2, 3, 4]);
});
