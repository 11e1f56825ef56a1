import type { PiMeasurement } from "@reluctant/contracts";
import { idleMachine, measurementOf } from "@reluctant/relu/testing";
import { describe, expect, test } from "vitest";
import { frontierPlot } from "./describe.ts";
import { renderSvg, stacked } from "./svg.ts";
import { renderTerminal } from "./terminal.ts";
import { frontier, point, uuid } from "./test-points.ts";

/** Points of which two were measured, one of those while others used the machine. */
function measured() {
  const measurement = (ms: number, disturbed: boolean): PiMeasurement =>
    measurementOf({
      stageRunId: uuid(9),
      protocol: "gmw",
      cost: {
        offline: { ms: 10 * ms, leastMs: 9 * ms, mostMs: 11 * ms, bytesSent: 1, bytesReceived: 2, rounds: 3 },
        online: { ms, leastMs: 0.9 * ms, mostMs: 1.5 * ms, bytesSent: 1_000, bytesReceived: 2_000, rounds: 8 },
        label: "dealer: offline linear cost not included",
      },
      machine: { ...idleMachine, processor: "Xeon", othersShare: disturbed ? 0.5 : 0, disturbed },
    });
  const ar = point({ method: "ar", budget: null, reluCount: 188_416, testAccuracy: 0.9 });
  // the one with more ReLUs is faster, as nothing forbids
  const few = point({ reluCount: 2_000, testAccuracy: 0.8, measurements: [measurement(80, true)] });
  const more = point({ reluCount: 9_000, testAccuracy: 0.895, measurements: [measurement(40, false)] });
  return frontier([ar, few, more, point({ reluCount: 50_000, testAccuracy: 0.899 })]);
}

describe("over a measured cost", () => {
  test("points lie where they were measured, and dominate by that", () => {
    const { points, x, caption, notes, sentence, ar } = frontierPlot(measured(), { axis: "online-latency" });
    expect(points.map(({ reluCount, cost, onFrontier }) => [reluCount, cost.value, onFrontier])).toEqual([
      [9_000, 40, true],
      [2_000, 80, false],
    ]);
    expect(x.domain[0]).toBeLessThan(36);
    expect(x.domain[1]).toBeGreaterThan(120);
    expect(x.ticks.map(({ label }) => label)).toContain("100 ms");
    expect(caption).toEqual([
      "DELPHI, ReLUs by GMW, lan, 1 thread a party",
      "Xeon, 2 cores, avx2 kernels; dealer: offline linear cost not included",
    ]);
    expect(notes).toEqual([
      "1 network was not measured so, and is not drawn",
      "hollow: others used the machine during each of the point's measurements",
    ]);
    expect(sentence).toBe(
      "Least online latency within 1 point of AR on validation: 40 ms, 9,000 ReLUs (4.8 %), validation 89.5 %, test 89.5 %.",
    );
    expect(ar?.label).toBe("AR 90.00 %");
  });

  test("a total holds both phases, and bytes those of both ways", () => {
    const valuesOn = (axis: "total" | "online-bytes") =>
      frontierPlot(measured(), { axis }).points.map(({ cost }) => [cost.value, cost.least, cost.most]);
    expect(valuesOn("total")).toEqual([
      [440, 396, 500],
      [880, 792, 1_000],
    ]);
    expect(valuesOn("online-bytes").flat()).toEqual(Array(6).fill(3_000));
  });

  test("the table says how often it was measured, and the drawings what was disturbed", () => {
    const plot = frontierPlot(measured(), { axis: "online-latency" });
    const cells = (row: number) => plot.table.columns.slice(3, 6).map((_, i) => plot.table.rows[row]?.[3 + i]);
    expect(plot.table.columns.slice(3, 6)).toEqual(["Online latency", "Least to most", "Measurements"]);
    expect(plot.table.columns[6]).toBe("DELPHI modelled, published constants");
    expect(plot.table.rows.map((row) => row[6])).toEqual(["4.15 s", "198 ms", "44 ms"]);
    expect([cells(0), cells(1), cells(2)]).toEqual([
      ["–", "–", "–"],
      ["40 ms", "36 ms to 60 ms", "1"],
      ["80 ms", "72 ms to 120 ms", "1, disturbed"],
    ]);
    const svg = renderSvg(plot);
    for (const part of [...plot.caption, plot.x.label, "senet, 80 ms, 2,000 ReLUs, 80.00 %, disturbed, dominated"])
      expect(svg).toContain(part);
    expect(renderTerminal(plot)).toContain("─");
    expect(renderTerminal(plot, { width: 80, height: 20 }).split("\n")).toHaveLength(20);
  });

  test("nothing measured is said, with what measures it", () => {
    const plot = frontierPlot(frontier([point({})]), { axis: "total" });
    expect(plot.points).toEqual([]);
    expect(plot.sentence).toContain("reluctant pi EXPERIMENT");
    expect(renderSvg(plot)).toContain("No network was measured yet");
  });

  test("panels stand under each other in one file", () => {
    const panels = [frontierPlot(measured()), frontierPlot(measured(), { axis: "online-latency" })].map((plot) =>
      renderSvg(plot),
    );
    const file = stacked("cifar10 · resnet8", panels);
    expect(file).toMatch(/^<svg [^>]*>\n<title>cifar10 · resnet8<\/title>/);
    expect(file.match(/<svg (y="\d+" )?xmlns[^>]*>/g)).toEqual([
      expect.stringContaining('viewBox="0 0 800 960"'),
      expect.stringContaining('<svg y="0" '),
      expect.stringContaining('<svg y="480" '),
    ]);
  });
});
