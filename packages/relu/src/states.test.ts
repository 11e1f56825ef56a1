import type { StageRunState } from "@reluctant/contracts";
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

  const needs = (states: StageRunState[], change = {}) =>
    states.map((state) => ({ state, released: false, paused: false, ...change }));

  it("derives a trial's state from its needs", () => {
    expect(trialState(needs(["succeeded", "active", "blocked"]), "active")).toBe("running");
    expect(trialState(needs(["succeeded", "succeeded"]), "cancelled")).toBe("succeeded");
    expect(trialState(needs(["succeeded", "failed", "cancelled"]), "active")).toBe("failed");
    expect(trialState(needs(["succeeded", "ready"]), "cancelled")).toBe("cancelled");
    expect(trialState(needs(["succeeded", "active"]), "failed")).toBe("cancelled"); // goes on for another experiment
    expect(trialState(needs(["ready", "blocked"]), "active")).toBe("waiting");
  });

  it("has a trial cancelled though what it released goes on for others, and paused only while it waits for something", () => {
    expect(trialState(needs(["succeeded", "active"], { released: true }), "active")).toBe("cancelled");
    expect(trialState(needs(["succeeded", "succeeded"], { released: true }), "active")).toBe("succeeded");
    expect(trialState(needs(["active", "blocked"], { paused: true }), "active")).toBe("paused");
    expect(trialState(needs(["succeeded", "succeeded"], { paused: true }), "active")).toBe("succeeded");
    expect(trialState(needs(["active", "blocked"], { paused: true }), "cancelled")).toBe("cancelled");
  });
});
