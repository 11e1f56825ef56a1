import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Contest,
  choosePreemptions,
  type Occupant,
  preemptionGapSeconds,
  undisturbedSeconds,
} from "./preemption.ts";

const high = { stageRunId: "urgent", priority: "high" } as const;
const occupant = (attemptId: string, change: Partial<Occupant> = {}): Occupant => ({
  attemptId,
  stageRunId: `run of ${attemptId}`,
  state: "running",
  priority: "normal",
  runningSeconds: 1_000,
  preemptedSecondsAgo: null,
  couldRun: ["urgent"],
  ...change,
});
const chosen = (contest: Partial<Contest>) =>
  choosePreemptions({ waiting: [high], occupants: [], freeSlots: 0, ...contest }).map(({ attemptId }) => attemptId);

test("of the lowest class gives way what started last", () => {
  const occupants = [
    occupant("normal", { runningSeconds: 200 }),
    occupant("old", { priority: "low", runningSeconds: 900 }),
    occupant("young", { priority: "low", runningSeconds: 300 }),
  ];
  expect(chosen({ occupants })).toEqual(["young"]);
});

test.each<[string, Partial<Occupant>]>([
  ["the same class", { priority: "high" }],
  ["too young an attempt", { runningSeconds: undisturbedSeconds - 1 }],
  ["one that gave way just now", { preemptedSecondsAgo: preemptionGapSeconds - 1 }],
  ["a worker that could not run it", { couldRun: [] }],
])("%s keeps its slot", (_, change) => {
  expect(chosen({ occupants: [occupant("one", change)] })).toEqual([]);
});

test("nothing gives way where a slot is free, or comes free", () => {
  expect(chosen({ occupants: [occupant("one")], freeSlots: 1 })).toEqual([]);
  expect(chosen({ occupants: [occupant("one"), occupant("two", { state: "stopping" })] })).toEqual([]);
});

test("what is queued before it goes back, or it would take the slot", () => {
  const occupants = [occupant("one"), occupant("two", { state: "queued", runningSeconds: null })];
  expect(chosen({ occupants }).sort()).toEqual(["one", "two"]);
  expect(chosen({ occupants: occupants.slice(1) })).toEqual([]);
});

test("never more slots than are wanted, and none for a class that is no higher", () => {
  const priority = fc.constantFrom("low", "normal", "high");
  const occupants = fc.array(
    fc.record({
      state: fc.constantFrom("queued", "running", "stopping"),
      priority,
      runningSeconds: fc.integer({ min: 0, max: 300 }),
      preemptedSecondsAgo: fc.option(fc.integer({ min: 0, max: 1_200 })),
      couldRun: fc.subarray(["0", "1", "2"]),
    }),
  );
  fc.assert(
    fc.property(fc.array(priority, { maxLength: 3 }), occupants, fc.nat(3), (classes, given, freeSlots) => {
      const rank = { low: 0, normal: 1, high: 2 };
      const waiting = classes
        .toSorted((a, b) => rank[b] - rank[a])
        .map((one, index) => ({ stageRunId: String(index), priority: one }));
      const all = given.map((one, index) => occupant(String(index), one));
      const gone = choosePreemptions({ waiting, occupants: all, freeSlots }).filter(({ state }) => state === "running");
      const stopping = all.filter(({ state }) => state === "stopping").length;
      expect(gone.length).toBeLessThanOrEqual(Math.max(0, waiting.length - freeSlots - stopping));
      expect(new Set(gone).size).toBe(gone.length);
      for (const one of gone) expect(rank[one.priority]).toBeLessThan(rank[waiting[0]?.priority ?? "low"]);
    }),
  );
});
