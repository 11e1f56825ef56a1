import { describe, expect, it } from "vitest";
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
