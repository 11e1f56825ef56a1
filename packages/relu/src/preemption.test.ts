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
  overQuota: false,
  runningSeconds: 1_000,
  preemptedSecondsAgo: null,
  couldRun: ["urgent"],
  ...change,
});
const chosen = (contest: Partial<Contest>) =>
  choosePreemptions({ waiting: [high], occupants: [], free: [], ...contest }).map(({ attemptId }) => attemptId);

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
  expect(chosen({ occupants: [occupant("one")], free: [{ couldRun: ["urgent"] }] })).toEqual([]);
  expect(chosen({ occupants: [occupant("one")], free: [{ couldRun: [] }] })).toEqual(["one"]);
  expect(chosen({ occupants: [occupant("one"), occupant("two", { state: "stopping" })] })).toEqual([]);
});

test("what is queued before it goes back, or it would take the slot", () => {
  const occupants = [occupant("one"), occupant("two", { state: "queued", runningSeconds: null })];
  expect(chosen({ occupants }).sort()).toEqual(["one", "two"]);
  expect(chosen({ occupants: occupants.slice(1) })).toEqual([]);
});

test("what is urgent and lies in the queue wants a slot, too, unless its team is over its quota", () => {
  const queued = occupant("two", { stageRunId: "urgent", state: "queued", priority: "high", runningSeconds: null });
  expect(chosen({ waiting: [], occupants: [occupant("one"), queued] })).toEqual(["one"]);
  expect(chosen({ waiting: [], occupants: [occupant("one"), { ...queued, overQuota: true }] })).toEqual([]);
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
  const free = fc.array(fc.record({ couldRun: fc.subarray(["0", "1", "2"]) }), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(priority, { maxLength: 3 }), occupants, free, (classes, given, free) => {
      const rank = { low: 0, normal: 1, high: 2 };
      const waiting = classes
        .toSorted((a, b) => rank[b] - rank[a])
        .map((one, index) => ({ stageRunId: String(index), priority: one }));
      const all = given.map((one, index) => occupant(String(index), one));
      const gone = choosePreemptions({ waiting, occupants: all, free }).filter(({ state }) => state === "running");
      const queued = all.filter(({ state, priority }) => state === "queued" && priority !== "low");
      expect(gone.length).toBeLessThanOrEqual(waiting.length + queued.length);
      expect(new Set(gone).size).toBe(gone.length);
      const highest = Math.max(...[...waiting, ...queued].map(({ priority }) => rank[priority]));
      for (const one of gone) expect(rank[one.priority]).toBeLessThan(highest);
    }),
  );
});
