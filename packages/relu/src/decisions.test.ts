import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byTurn, decayed, queueDepth, type Waiting } from "./dispatch.ts";
import { frontierOf, recommend } from "./frontier.ts";
import { afterEnding } from "./retry.ts";
import { attemptTransitions, experimentTransitions, stageRunTransitions, trialState } from "./states.ts";

describe("state machines", () => {
  it.each([
    ["attempt", attemptTransitions, "queued"],
    ["stage run", stageRunTransitions, "blocked"],
    ["experiment", experimentTransitions, "active"],
  ] as const)("reaches every state of a %s from its first", (_, table: Record<string, readonly string[]>, first) => {
    const reached = new Set<string>([first]);
    for (const state of reached) for (const next of table[state] ?? []) reached.add(next);
    expect([...reached].sort()).toEqual(Object.keys(table).sort());
  });

  it("derives a trial's state from its needs", () => {
    expect(trialState(["succeeded", "active", "blocked"], "active")).toBe("running");
    expect(trialState(["succeeded", "succeeded"], "cancelled")).toBe("succeeded");
    expect(trialState(["succeeded", "failed", "cancelled"], "active")).toBe("failed");
    expect(trialState(["succeeded", "ready"], "cancelled")).toBe("cancelled");
    expect(trialState(["succeeded", "active"], "failed")).toBe("cancelled"); // goes on for another experiment
    expect(trialState(["ready", "blocked"], "active")).toBe("waiting");
  });
});

describe("retry", () => {
  const failure = { code: "internal", fatal: false, message: "worker broke", step: 3 } as const;
  it("never counts a lost or preempted attempt", () => {
    expect(afterEnding({ as: "lost" }, 2)).toEqual({ becomes: "ready", delaySeconds: 0, failures: 2 });
    expect(afterEnding({ as: "preempted" }, 2)).toEqual({ becomes: "ready", delaySeconds: 0, failures: 2 });
  });
  it("backs off exponentially and gives up at the third failure", () => {
    expect(afterEnding({ as: "failed", failure }, 0)).toEqual({ becomes: "ready", delaySeconds: 5, failures: 1 });
    expect(afterEnding({ as: "failed", failure }, 1)).toEqual({ becomes: "ready", delaySeconds: 10, failures: 2 });
    expect(afterEnding({ as: "failed", failure }, 2)).toMatchObject({
      becomes: "failed",
      reason: expect.stringContaining("worker broke"),
    });
  });
  it("does not retry what cannot heal", () => {
    expect(afterEnding({ as: "failed", failure: { ...failure, fatal: true } }, 0)).toMatchObject({
      becomes: "failed",
      failures: 1,
    });
  });
});

describe("dispatch order", () => {
  const waiting = (change: Partial<Waiting>): Waiting => ({
    stageRunId: "a",
    priority: "normal",
    teamId: "t",
    teamGpuSeconds: 10,
    teamWeight: 1,
    readyAt: 0,
    ...change,
  });
  it("looks at priority, then the team's used share, then age", () => {
    const order = [
      waiting({ stageRunId: "old" }),
      waiting({ stageRunId: "urgent", priority: "high", teamGpuSeconds: 99 }),
      waiting({ stageRunId: "heavy team", teamGpuSeconds: 15, teamWeight: 2, readyAt: 5 }),
      waiting({ stageRunId: "new", readyAt: 9 }),
    ].sort(byTurn);
    expect(order.map((item) => item.stageRunId)).toEqual(["urgent", "heavy team", "old", "new"]);
  });
  it("forgets half of what a team used within a day, and queues nothing without free slots", () => {
    expect(decayed(100, 86_400)).toBe(50);
    expect([queueDepth(0), queueDepth(3)]).toEqual([0, 5]);
  });
});

describe("the frontier", () => {
  const points = fc.array(
    fc.record({
      reluCount: fc.integer({ min: 1, max: 50 }),
      validationAccuracy: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
    }),
    { maxLength: 40 },
  );
  it("holds no dominated point, dominates everything else, and is its own frontier", () => {
    fc.assert(
      fc.property(points, (all) => {
        const front = frontierOf(all);
        const covers = (a: (typeof all)[0], b: (typeof all)[0]) =>
          a.reluCount <= b.reluCount && a.validationAccuracy >= b.validationAccuracy;
        for (const point of all) expect(front.some((kept) => covers(kept, point))).toBe(true);
        for (const a of front) for (const b of front) if (a !== b) expect(covers(a, b)).toBe(false);
        expect(frontierOf(front)).toEqual(front);
      }),
    );
  });
  it("recommends the cheapest point within one point of the AR model", () => {
    const ar = { reluCount: 100, validationAccuracy: 0.9 };
    const all = [
      { reluCount: 10, validationAccuracy: 0.7 },
      { reluCount: 20, validationAccuracy: 0.895 },
      { reluCount: 40, validationAccuracy: 0.91 },
    ];
    expect(recommend(all, ar)).toEqual(all[1]);
    expect(recommend(all.slice(0, 1), ar)).toBeNull();
  });
});
