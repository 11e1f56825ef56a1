import { describe, expect, it } from "vitest";
import { nextPenalty, type PenaltyState } from "./penalty.ts";
import { keptUnits } from "./run.ts";

const start: PenaltyState = { penalty: 1e-5, lowest: 100, intervals: 0 };
const published = { penaltyGrowth: 1.1, patience: 5, landBy: undefined };

/** α after each interval of a descent with these counts. */
function course(counts: number[], rule: { penaltyGrowth: number; patience: number; landBy?: number | undefined }) {
  let state = start;
  return counts.map((count, i) => {
    state = nextPenalty(state, { count, sum: count, total: 100, progress: (i + 1) / counts.length }, rule);
    return state.penalty;
  });
}
const growths = (penalties: number[]) =>
  penalties.map((penalty, i) => Math.round((10 * penalty) / (penalties[i - 1] ?? start.penalty)) / 10);

describe("the penalty of SNL", () => {
  it("grows by a tenth when the count fell below no earlier one, from the fifth interval on", () => {
    const counts = [100, 100, 100, 100, 100, 100, 90, 95, 90, 80];
    expect(growths(course(counts, published))).toEqual([1, 1, 1, 1, 1, 1.1, 1, 1.1, 1.1, 1]);
  });

  it("with a share to land by, grows only while ‖c‖₁ is above the line to none at that share", () => {
    const rule = { penaltyGrowth: 2, patience: 0, landBy: 0.5 };
    // the line at tenths of the run: 80, 60, 40, 20, 0, and 0 from there on
    expect(growths(course([100, 50, 50, 10, 10, 5, 0, 0, 0, 0], rule))).toEqual([2, 1, 2, 1, 2, 2, 1, 1, 1, 1]);
  });
});

describe("the units that SNL keeps", () => {
  const slopes = [Float32Array.of(0.5, 0.01, 0.02, -0.3), Float32Array.of(0.9, 0.005, 0.02)];
  it("are those above the threshold", () => {
    expect(keptUnits(slopes, 3, { threshold: 0.01, landing: "threshold" }).map((mask) => [...mask])).toEqual([
      [1, 0, 1, 0],
      [1, 0, 1],
    ]);
  });
  it("or exactly the budget's largest slopes over all layers, the first of equals", () => {
    expect(keptUnits(slopes, 3, { threshold: 0.01, landing: "exact" }).map((mask) => [...mask])).toEqual([
      [1, 0, 1, 0],
      [1, 0, 0],
    ]);
  });
});
