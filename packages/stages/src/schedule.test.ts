import { describe, expect, it } from "vitest";
import { learningRateAt } from "./schedule.ts";

const schedule = { learningRate: 0.4, decayAt: [0.5, 0.75], decayFactor: 0.1, warmup: 0.1 };
const rates = (steps: number) => Array.from({ length: steps }, (_, step) => learningRateAt(step, steps, schedule));

describe("the learning rate", () => {
  it("rises linearly to the full rate, then decays at the step of each fraction", () => {
    const rate = rates(40);
    expect(rate.slice(0, 5)).toEqual([0.1, 0.2, expect.closeTo(0.3, 12), 0.4, 0.4]);
    expect([rate[19], rate[20], rate[29], rate[30]]).toEqual([
      0.4,
      expect.closeTo(0.04, 12),
      expect.closeTo(0.04, 12),
      expect.closeTo(0.004, 12),
    ]);
  });

  it("decays at the first whole step past a fraction, and needs no warm-up", () => {
    const rate = (step: number) => learningRateAt(step, 3, { ...schedule, decayAt: [0.5], warmup: 0 });
    expect([rate(0), rate(1), rate(2)]).toEqual([0.4, 0.4, expect.closeTo(0.04, 12)]);
  });
});
