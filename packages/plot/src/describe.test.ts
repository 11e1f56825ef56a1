import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { frontierCsv } from "./csv.ts";
import { comparisonPlot, frontierPlot, zoom } from "./describe.ts";
import type { PlotPoint } from "./group.ts";
import { renderSvg } from "./svg.ts";
import { renderTerminal } from "./terminal.ts";
import { frontier, point } from "./test-points.ts";
import { darkTheme } from "./theme.ts";

/** AR at 92 %, three budgets of two seeds, and a dominated point of another method. */
function setup() {
  const ar = [0.919, 0.921].map((testAccuracy, seed) =>
    point({ method: "ar", budget: null, reluCount: 188_416, testAccuracy, seed }),
  );
  const budgets: [number, number][] = [
    [2_000, 0.8],
    [10_000, 0.88],
    [50_000, 0.915],
  ];
  const students = budgets.flatMap(([reluCount, accuracy]) =>
    [-0.01, 0.01].map((noise, seed) =>
      point({ reluCount, testAccuracy: accuracy + noise, validationAccuracy: accuracy, seed }),
    ),
  );
  const dominated = point({ method: "uniform", reluCount: 20_000, testAccuracy: 0.7 });
  const data = frontier([...ar, ...students, dominated]);
  return { data, plot: frontierPlot(data) };
}

describe("published curves", () => {
  test("are drawn for the papers' datasets and models alone", () => {
    const at = (dataset: string, model: string) => frontierPlot({ ...frontier([]), dataset, model });
    expect(at("cifar10", "resnet18").published.map(({ method }) => method)).toContain("SENet");
    expect(at("cifar10", "resnet20").published).toEqual([]);
    expect(at("glyphs", "resnet18").published).toEqual([]);
  });

  test("lie within the axes, hollow and named with their source", () => {
    const plot = frontierPlot({ ...frontier([point({ reluCount: 50_000 })]), model: "resnet18", totalRelus: 557_056 });
    for (const { reluCount, accuracy } of plot.published.flatMap(({ points }) => points)) {
      expect(reluCount).toBeGreaterThan(plot.x.domain[0]);
      expect(reluCount).toBeLessThan(plot.x.domain[1]);
      expect(accuracy).toBeLessThanOrEqual(plot.y.domain[1]);
    }
    expect(renderSvg(plot)).toContain("SNL, Cho et al., ICML 2022");
    expect(renderTerminal(plot)).toContain("◇ published");
  });
});

const anyPoint = fc
  .record({
    reluCount: fc.integer({ min: 1, max: 188_416 }),
    validationAccuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    testAccuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    method: fc.constantFrom("ar", "senet", "snl"),
    seed: fc.integer({ min: 0, max: 3 }),
  })
  .map((change) => point(change));

describe("the description", () => {
  test("joins exactly the points that no other dominates, in rising order", () => {
    fc.assert(
      fc.property(fc.array(anyPoint, { maxLength: 30 }), (points) => {
        const plot = frontierPlot(frontier(points));
        const best = plot.points.filter((p) => p.onFrontier);
        for (const p of plot.points) {
          const better = plot.points.some(
            (o) => o.reluCount <= p.reluCount && o.validationAccuracy > p.validationAccuracy,
          );
          if (better) expect(p.onFrontier).toBe(false);
        }
        expect(best.map((p) => p.validationAccuracy)).toEqual(
          best.map((p) => p.validationAccuracy).sort((a, b) => a - b),
        );
        const onLine = new Set(plot.line.map((corner) => `${corner.cost}/${corner.accuracy}`));
        for (const p of best) expect(onLine).toContain(`${p.reluCount}/${p.accuracy}`);
        const heights = new Set(best.map((p) => p.accuracy));
        for (const corner of plot.line) expect(heights).toContain(corner.accuracy);
      }),
    );
  });

  test("as a comparison joins each method's points, greys none and draws no frontier", () => {
    fc.assert(
      fc.property(fc.array(anyPoint, { minLength: 1, maxLength: 30 }), (points) => {
        const { points: shown, curves, line } = comparisonPlot(frontier(points));
        expect(line).toEqual([]);
        expect(shown.every((point) => point.onFrontier)).toBe(true);
        expect(curves.reduce((sum, curve) => sum + curve.points.length, 0)).toBe(shown.length);
        for (const { points: joined } of curves) {
          const relus = joined.map(({ reluCount }) => reluCount);
          expect(relus).toEqual([...relus].sort((a, b) => a - b));
        }
      }),
    );
  });

  test("shows every single run, mean and whisker inside its axes", () => {
    fc.assert(
      fc.property(fc.array(anyPoint, { minLength: 1, maxLength: 30 }), (points) => {
        const { points: shown, x, y } = frontierPlot(frontier(points));
        for (const p of shown) {
          expect(p.reluCount).toBeGreaterThanOrEqual(x.domain[0]);
          expect(p.reluCount).toBeLessThanOrEqual(x.domain[1]);
          for (const accuracy of [p.accuracy, ...p.runs.map((run) => run.testAccuracy)]) {
            expect(accuracy).toBeGreaterThanOrEqual(y.domain[0] - 1e-12);
            expect(accuracy).toBeLessThanOrEqual(y.domain[1] + 1e-12);
          }
        }
      }),
    );
  });

  test("averages seeds and gives the standard error of the mean", () => {
    const { plot } = setup();
    const first = plot.points[0] as PlotPoint;
    expect(first).toMatchObject({ reluCount: 2_000, seeds: [0, 1], onFrontier: true });
    expect(first.accuracy).toBeCloseTo(0.8, 12);
    expect(first.standardError).toBeCloseTo(0.01, 12);
    expect(plot.points.find((p) => p.method === "uniform")).toMatchObject({ onFrontier: false, standardError: null });
  });

  test("says the smallest budget within a point of the all-ReLU model, or that there is none", () => {
    const { plot, data } = setup();
    expect(plot.sentence).toBe(
      "Smallest budget within 1 point of AR on validation: 50,000 ReLUs (26.5 %), validation 91.5 %, test 91.5 %.",
    );
    const without = frontier(data.points.filter((p) => p.reluCount !== 50_000));
    expect(frontierPlot(without).sentence).toBe(
      "No budget is within 1 point of AR on validation (92.0 %); best: 10,000 ReLUs (5.3 %), validation 88.0 %, test 88.0 %.",
    );
    const alone = frontier(data.points.filter((p) => p.method === "ar"));
    expect(frontierPlot(alone).sentence).toBe("AR reaches validation 92.0 %, test 92.0 %; no budget has finished yet.");
    expect(frontierPlot(frontier([])).sentence).toBe("Nothing has finished yet.");
  });

  test("recommends by validation where the test part would have it otherwise", () => {
    const ar = point({ method: "ar", budget: null, reluCount: 188_416, validationAccuracy: 0.92, testAccuracy: 0.92 });
    const few = point({ reluCount: 2_000, validationAccuracy: 0.9, testAccuracy: 0.95 });
    const more = point({ reluCount: 9_000, validationAccuracy: 0.915, testAccuracy: 0.8 });
    expect(frontierPlot(frontier([ar, few, more])).sentence).toBe(
      "Smallest budget within 1 point of AR on validation: 9,000 ReLUs (4.8 %), validation 91.5 %, test 80.0 %.",
    );
  });

  test("marks chance only where it lies in the range shown", () => {
    expect(setup().plot.chance).toBeNull();
    expect(
      frontierPlot(frontier([point({ testAccuracy: 0.09 }), point({ testAccuracy: 0.6, reluCount: 5_000 })])).chance,
    ).toEqual({
      accuracy: 0.1,
      label: "chance 10.0 %",
    });
  });

  test("marks what may be wrong with a dagger and its reason, and leaves it where it is", () => {
    const suspect = "trained on a faulty processor";
    const data = frontier([
      point({ testAccuracy: 0.7, suspect }),
      point({ testAccuracy: 0.6, reluCount: 500, suspect }),
      point({ testAccuracy: 0.5, reluCount: 400 }),
    ]);
    const { notes, sentence, table, points } = frontierPlot(data);
    expect(points).toHaveLength(3);
    expect(notes).toEqual([`† may be wrong: ${suspect}`]);
    expect(sentence).toBe("Best on validation so far: 1,000 ReLUs (0.53 %), validation 70.0 %, test 70.0 % †.");
    expect(table.rows.map((row) => row[table.columns.indexOf("Test accuracy")])).toEqual([
      "50.00 %",
      "60.00 % †",
      "70.00 % †",
    ]);
    expect(frontierCsv(data)).toContain(`,${suspect}\n`);
    expect(frontierPlot(frontier([point({})])).notes).toEqual([]);
  });

  test("draws a series for each imported network, and one all-ReLU model", () => {
    const source = (digit: string) => ({ sha256: digit.repeat(64), name: `import ${digit}.pth` });
    const ar = { method: "ar", budget: null, reluCount: 188_416 };
    const data = frontier([
      point({ ...ar, source: source("a"), testAccuracy: 0.9 }),
      point({ ...ar, source: source("b"), testAccuracy: 0.8 }),
      point({ method: "imported", budget: null, reluCount: 9_000, source: source("c"), testAccuracy: 0.7 }),
      point({ method: "imported", budget: null, reluCount: 9_000, source: source("d"), testAccuracy: 0.6 }),
    ]);
    const plot = frontierPlot(data);
    expect(plot.methods).toEqual(["import c.pth", "import d.pth"]);
    expect(plot.points.map(({ method, accuracy, standardError }) => [method, accuracy, standardError])).toEqual([
      ["import c.pth", 0.7, null],
      ["import d.pth", 0.6, null],
    ]);
    expect(plot.ar?.label).toBe("AR 90.00 %");
    expect(frontierCsv(data)).toContain(`${"c".repeat(64)},import c.pth,`);
  });

  test("keeps the widths of one run apart, with the MACs of each", () => {
    const wide = { method: "senet++", reluCount: 9_000, budget: 9_000, macs: 41e6 };
    const narrow = { method: "senet++", variant: "0.5", reluCount: 4_400, budget: 9_000, macs: 10.4e6 };
    const data = frontier([point(wide), point(narrow)]);
    const { points, table } = frontierPlot(data);
    expect(points.map(({ width, macs }) => [width, macs])).toEqual([
      [0.5, 10.4e6],
      [1, 41e6],
    ]);
    const cellsOf = (column: string) => table.rows.map((row) => row[table.columns.indexOf(column)]);
    expect([cellsOf("Width"), cellsOf("MACs")]).toEqual([
      ["0.5×", "–"],
      ["10.4M", "41M"],
    ]);
    const [header = "", ...lines] = frontierCsv(data).trimEnd().split("\n");
    const csv = (column: string) => lines.map((line) => line.split(",")[header.split(",").indexOf(column)]);
    expect([csv("width"), csv("macs")]).toEqual([
      ["1", "0.5"],
      ["41000000", "10400000"],
    ]);
  });

  test("offers the all-ReLU model first in the table, one cell a column", () => {
    const { table } = setup().plot;
    expect(table.rows[0]?.slice(0, 5)).toEqual(["ar", "debug", "–", "188,416", "100.0 %"]);
    for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
  });

  test("zooms the axes and leaves the points alone", () => {
    const { plot } = setup();
    const closer = zoom(plot, { x: [9_000, 60_000], y: [0.86, 0.93] });
    expect(closer.x.ticks.map((tick) => tick.label)).toEqual(["10k", "20k", "50k"]);
    expect(closer.points).toBe(plot.points);
    expect(closer.x.label).toBe("ReLUs kept (of 188,416)");
  });
});

describe("the SVG", () => {
  test("has title, sentence, both axis labels, the AR line and one mark a point", () => {
    const { plot } = setup();
    const { document } = parseHTML(`<html><body>${renderSvg(plot)}</body></html>`);
    const text = document.querySelector("svg")?.textContent ?? "";
    for (const part of [plot.title, plot.sentence, plot.x.label, plot.y.label, "AR 92.00 %", "dominated"])
      expect(text).toContain(part);
    const marks = [...document.querySelectorAll("circle[aria-label]")].map((mark) => mark.getAttribute("aria-label"));
    expect(marks).toHaveLength(plot.points.length);
    expect(marks).toContain("uniform, 20,000 ReLUs, 70.00 %, dominated");
    expect(document.querySelectorAll('[stroke-dasharray="6 4"]')).toHaveLength(1);
    expect(document.querySelector("style")).toBeNull();
  });

  test("is well-formed with hostile names and takes a theme", () => {
    const data = { ...setup().data, dataset: `<script>"&` };
    const svg = renderSvg(frontierPlot(data), { theme: darkTheme });
    expect(svg).toContain("&lt;script&gt;&quot;&amp;");
    expect(svg).not.toContain("<script>");
    expect(svg).toContain(`fill="${darkTheme.background}"`);
  });

  test("draws an empty frontier", () => {
    expect(renderSvg(frontierPlot(frontier([])))).toContain("Nothing has finished yet.");
  });
});

describe("the terminal plot", () => {
  test.each([
    [80, 20],
    [60, 12],
    [120, 40],
  ])("fills %i × %i and not a column more, with color or without", (width, height) => {
    const { plot } = setup();
    for (const color of [true, false]) {
      const lines = stripVTControlCharacters(renderTerminal(plot, { width, height, color })).split("\n");
      expect(lines).toHaveLength(height);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });

  test("shows glyphs, the AR value and the same ticks, without escapes unless asked", () => {
    const { plot } = setup();
    const text = renderTerminal(plot);
    expect(text).not.toContain("\u001b");
    expect(renderTerminal(plot, { color: true })).toContain("\u001b");
    for (const part of ["● senet", "∘ dominated", "AR 92.00 %", "2k", "50k", plot.x.label])
      expect(text).toContain(part);
    expect(text.match(/●/g)).toHaveLength(4);
  });
});

describe("the CSV", () => {
  test("has one line a single result, quotes what needs it and defuses formulas", () => {
    const lines = frontierCsv(frontier([point({ recipe: '=a,"b"' }), point({ seed: 2 })]))
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^dataset,dataset_version,model,method/);
    expect(lines[1]).toContain(`"'=a,""b"""`);
    const [header, , last] = lines.map((line) => line.split(",").length);
    expect(last).toBe(header);
  });
});
