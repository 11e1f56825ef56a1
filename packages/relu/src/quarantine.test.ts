import { describe, expect, it } from "vitest";
import { quarantineOf } from "./quarantine.ts";

const failed = (...stageRunIds: string[]) => stageRunIds.map((stageRunId) => ({ stageRunId, cause: "disk full" }));

describe("a worker's circuit breaker", () => {
  it("opens after three different stage runs, not after three attempts of one", () => {
    expect(quarantineOf({ failures: failed("a", "b"), quarantines: 0 })).toBeNull();
    expect(quarantineOf({ failures: failed("a", "a", "a", "b"), quarantines: 0 })).toBeNull();
    expect(quarantineOf({ failures: failed("a", "b", "c"), quarantines: 0 })).toEqual({
      seconds: 600,
      reason: "3 stage runs failed here by its own fault: disk full",
    });
  });

  it("half open, opens again at the first failure for twice as long, six hours at most", () => {
    expect(quarantineOf({ failures: failed("a"), quarantines: 1 })).toMatchObject({
      seconds: 1_200,
      reason: "1 stage run failed here again by its own fault: disk full",
    });
    expect(quarantineOf({ failures: failed("a"), quarantines: 20 })).toMatchObject({ seconds: 21_600 });
    expect(quarantineOf({ failures: [], quarantines: 1 })).toBeNull();
  });
});
