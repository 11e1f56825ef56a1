import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byTurn, decayed, queueDepth, type Waiting } from "./dispatch.ts";
import { bySeeds, frontierOf, meanOf, recommend } from "./frontier.ts";
import { afterEnding } from "./retry.ts";
import { attemptTransitions, experimentTransitions, stageRunTransitions, statesBefore, trialState } from "./states.ts";

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

  it("tells the states that one may follow", () => {
    expect(statesBefore(attemptTransitions, "preempted")).toEqual(["stopping"]);
    expect(statesBefore(stageRunTransitions, "ready")).toEqual(["blocked", "active"]);
    expect(statesBefore(attemptTransitions, "queued")).toEqual([]);
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
  const failed = { as: "failed", failure } as const;
  const ready = (delaySeconds: number, failures: number, failedStep: number) => ({
    becomes: "ready",
    delaySeconds,
    failures,
    failedStep,
  });

  it("never counts a lost or preempted attempt", () => {
    const standing = { failures: 2, failedStep: 7, checkpointStep: 9 };
    expect(afterEnding({ as: "lost", poison: null }, standing)).toEqual(ready(0, 2, 7));
    expect(afterEnding({ as: "preempted" }, standing)).toEqual(ready(0, 2, 7));
  });
  it("fails a run by the loss that shows it to be poisonous", () => {
    const standing = { failures: 1, failedStep: 0, checkpointStep: 0 };
    expect(afterEnding({ as: "lost", poison: "poisonous: …" }, standing)).toEqual({
      becomes: "failed",
      reason: "poisonous: …",
      failures: 1,
    });
  });
  it("tries again at once, then backs off, and gives up at the third failure", () => {
    const at = (failures: number) => ({ failures, failedStep: 0, checkpointStep: 0 });
    expect(afterEnding(failed, at(0))).toEqual(ready(0, 1, 0));
    expect(afterEnding(failed, at(1))).toEqual(ready(5, 2, 0));
    expect(afterEnding(failed, at(2))).toMatchObject({
      becomes: "failed",
      reason: "failed 3 times without a new checkpoint between; last: worker broke",
    });
  });
  it("begins to count anew once a checkpoint lies beyond the one that the last failure fell back to", () => {
    expect(afterEnding(failed, { failures: 2, failedStep: 40, checkpointStep: 41 })).toEqual(ready(0, 1, 41));
    expect(afterEnding(failed, { failures: 2, failedStep: 40, checkpointStep: 40 })).toMatchObject({
      becomes: "failed",
    });
    expect(afterEnding(failed, { failures: 1, failedStep: 40, checkpointStep: 40 })).toEqual(ready(5, 2, 40));
  });
  it("does not retry what cannot heal", () => {
    const fatal = { as: "failed", failure: { ...failure, fatal: true } } as const;
    expect(afterEnding(fatal, { failures: 0, failedStep: 0, checkpointStep: 9 })).toMatchObject({
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
  const reached = (reluCount: number, validationAccuracy: number, testAccuracy = 0.5, method = "senet") => ({
    method,
    reluCount,
    validationAccuracy,
    testAccuracy,
  });
  it("recommends the smallest budget within one point of the best AR model on validation, else the most accurate there", () => {
    const ar = reached(100, 0.9, 0.9, "ar");
    const all = [reached(10, 0.7), reached(20, 0.895), reached(40, 0.91)];
    expect(recommend([reached(100, 0.6, 0.9, "ar"), ar, ...all])).toEqual({ point: all[1], withinOnePoint: true, ar });
    expect(recommend([ar, reached(10, 0.7), reached(20, 0.7), reached(5, 0.6)])).toEqual({
      point: reached(10, 0.7),
      withinOnePoint: false,
      ar,
    });
    expect(recommend(all)).toEqual({ point: all[2], withinOnePoint: false, ar: null });
    expect(recommend([ar])).toBeNull();
  });
  it("recommends the same whatever the test part says", () => {
    const point = fc.record({
      method: fc.constantFrom("ar", "senet", "snl"),
      reluCount: fc.integer({ min: 1, max: 50 }),
      validationAccuracy: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      testAccuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const chosen = (all: ReturnType<typeof reached>[]) => {
      const found = recommend(all);
      return found && all.indexOf(found.point);
    };
    fc.assert(
      fc.property(fc.array(fc.tuple(point, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 20 }), (all) => {
        const other = all.map(([one, testAccuracy]) => ({ ...one, testAccuracy }));
        expect(chosen(other)).toBe(chosen(all.map(([one]) => one)));
      }),
    );
  });
  it("puts results together that differ only in their seed, and means compete", () => {
    const result = { ...reached(10, 0.8), recipe: "debug", variant: "full", convention: "all", budget: 12 };
    const groups = bySeeds([
      { ...result, seed: 1 },
      { ...result, seed: 2, reluCount: 12, validationAccuracy: 0.9, testAccuracy: 0.7 },
      { ...result, seed: 1, variant: "0.5" },
    ]);
    expect([...groups.values()].map((runs) => runs.map(({ seed }) => seed))).toEqual([[1, 2], [1]]);
    const [first] = [...groups.values()].map(meanOf);
    expect(first).toMatchObject({ method: "senet", reluCount: 11 });
    expect(first?.validationAccuracy).toBeCloseTo(0.85, 12);
    expect(first?.testAccuracy).toBeCloseTo(0.6, 12);
  });
});
