import { describe, expect, it } from "vitest";
import { byTurn, decayed, queueDepth, type Waiting } from "./dispatch.ts";

describe("dispatch order", () => {
  const waiting = (change: Partial<Waiting>): Waiting => ({
    stageRunId: "a",
    priority: "normal",
    teamId: "t",
    teamGpuSeconds: 10,
    teamWeight: 1,
    teamOverQuota: false,
    createdAt: 0,
    ...change,
  });
  it("looks at priority, then the team's used share, then age", () => {
    const order = [
      waiting({ stageRunId: "old" }),
      waiting({ stageRunId: "urgent", priority: "high", teamGpuSeconds: 99 }),
      waiting({ stageRunId: "heavy team", teamGpuSeconds: 15, teamWeight: 2, createdAt: 5 }),
      waiting({ stageRunId: "new", createdAt: 9 }),
    ].sort(byTurn);
    expect(order.map((item) => item.stageRunId)).toEqual(["urgent", "heavy team", "old", "new"]);
  });
  it("forgets half of what a team used within a day, and queues nothing without free slots", () => {
    expect(decayed(100, 86_400)).toBe(50);
    expect([queueDepth(0), queueDepth(3), queueDepth(0, 7)]).toEqual([0, 5, 9]);
  });
});
