import fc from "fast-check";
import { expect, test } from "vitest";
import type { Waiting } from "./dispatch.ts";
import type { Occupant } from "./preemption.ts";
import { type SharedPool, turnsAcrossKinds } from "./turns-across-kinds.ts";

const waiting = (stageRunId: string, priority: Waiting["priority"], change: Partial<Waiting> = {}): Waiting => ({
  stageRunId,
  priority,
  teamId: "lab",
  teamGpuSeconds: 0,
  teamWeight: 1,
  teamOverQuota: false,
  createdAt: 0,
  ...change,
});
const queued = (stageRunId: string, priority: Waiting["priority"]): Occupant => ({
  attemptId: `attempt of ${stageRunId}`,
  stageRunId,
  state: "queued",
  priority,
  overQuota: false,
  runningSeconds: null,
  preemptedSecondsAgo: null,
  couldRun: [],
});
const slot = (...couldRun: string[]) => ({ couldRun });
const turns = (pool: Partial<SharedPool>) => {
  const { given, takenBack } = turnsAcrossKinds({ waiting: [], queued: [], free: [], depth: 3, ...pool });
  return [given.map((one) => one.stageRunId), takenBack.map((one) => one.stageRunId)];
};

test("a free slot goes to the highest class, and nothing lower lies beside it", () => {
  const all = [waiting("low", "low"), waiting("high", "high"), waiting("normal", "normal")];
  expect(turns({ waiting: all, free: [slot("low", "high", "normal")] })).toEqual([["high"], []]);
});

test("as many as slots are free get theirs, of whatever class; only one class follows", () => {
  const all = [waiting("a", "high"), waiting("b", "high"), waiting("c", "low"), waiting("d", "low")];
  const any = slot("a", "b", "c", "d");
  expect(turns({ waiting: all, free: [any, any, any], depth: 5 })).toEqual([["a", "b", "c"], []]);
  expect(turns({ waiting: all, free: [any], depth: 3 })).toEqual([["a", "b"], []]);
});

test("what only another slot can run keeps none from a slot that it could not use", () => {
  const all = [waiting("large", "high"), waiting("small", "low")];
  expect(turns({ waiting: all, free: [slot("small")] })).toEqual([["small"], []]);
});

test("what lies in a queue goes back for a higher class that waits, unless a slot takes it at once", () => {
  const pool = { waiting: [waiting("high", "high")], queued: [queued("low", "low")] };
  expect(turns({ ...pool, depth: 0 })).toEqual([[], ["low"]]);
  expect(turns({ ...pool, free: [slot("low", "high")] })).toEqual([["high"], []]);
  expect(turns({ ...pool, free: [slot("low")] })).toEqual([[], []]);
});

test("a team over its quota comes after all others, whatever its class", () => {
  const all = [waiting("over", "high", { teamOverQuota: true }), waiting("low", "low")];
  expect(turns({ waiting: all, free: [slot("over", "low")], depth: 1 })).toEqual([["low"], []]);
});

test("never more lie in the queues than may, beyond the free slots; and none is given before one of a higher class that it displaces", () => {
  const priority = fc.constantFrom("low", "normal", "high");
  const ids = ["0", "1", "2", "3"];
  const free = fc.array(fc.record({ couldRun: fc.subarray(ids) }), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(priority, { maxLength: 4 }), free, fc.integer({ min: 0, max: 5 }), (classes, free, depth) => {
      const all = classes.map((one, index) => waiting(String(index), one));
      const { given } = turnsAcrossKinds({ waiting: all, queued: [], free, depth });
      expect(given.length).toBeLessThanOrEqual(Math.max(depth, free.length));
      if (given.length > free.length) expect(new Set(given.map((one) => one.priority)).size).toBe(1);
    }),
  );
});
