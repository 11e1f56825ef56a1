import { describe, expect, it } from "vitest";
import { pairedDifference, verdict } from "./statistics.ts";

describe("the statistics", () => {
  it("adds the error of the test part to that of the pairs", () => {
    const { mean, error } = pairedDifference(
      [
        { ours: 0.6, theirs: 0.5 },
        { ours: 0.6, theirs: 0.5 },
      ],
      5_000,
    );
    expect(mean).toBeCloseTo(0.1, 12);
    expect(error).toBeCloseTo(Math.sqrt((0.24 + 0.25) / 5_000), 12); // the pairs agree, so nothing comes from them
  });

  it("calls a difference a win only above twice its error", () => {
    expect(verdict({ mean: 0.021, error: 0.01 })).toBe("beats");
    expect(verdict({ mean: 0.02, error: 0.01 })).toBe("ties with");
    expect(verdict({ mean: -0.021, error: 0.01 })).toBe("loses to");
  });
});
