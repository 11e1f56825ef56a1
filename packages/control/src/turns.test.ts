import type { Waiting } from "@reluctant/relu";
import { expect, test } from "vitest";
import { QueueMemory } from "./turns.ts";

const waiting = (stageRunId: string): Waiting => ({
  stageRunId,
  priority: "normal",
  teamId: "t",
  teamGpuSeconds: 0,
  teamWeight: 1,
  teamOverQuota: false,
  createdAt: 0,
});

/** A look that counts how often it was asked, and takes so long. */
function looking(ids: string[], ms: number) {
  const look = async () => {
    look.asked += 1;
    const until = performance.now() + ms;
    while (performance.now() < until);
    return ids.map(waiting);
  };
  look.asked = 0;
  return look;
}
const idsOf = (turns: Waiting[]) => turns.map(({ stageRunId }) => stageRunId);

test("slots that take jobs were free before; those that take more than were free came free meanwhile", () => {
  const memory = new QueueMemory();
  expect(memory.freedOfLate({ slots: 8, freeSlots: 8, queued: 0 }, 0)).toBe(0);
  memory.dispatched(10);
  expect(memory.freedOfLate({ slots: 8, freeSlots: 0, queued: 2 }, 10)).toBe(0); // all began, none ended
  expect(memory.freedOfLate({ slots: 8, freeSlots: 0, queued: 0 }, 20)).toBe(2); // two ended, and took the rest
  expect(memory.freedOfLate({ slots: 8, freeSlots: 3, queued: 0 }, 30)).toBe(5);
  expect(memory.freedOfLate({ slots: 8, freeSlots: 3, queued: 0 }, 125)).toBe(3); // the first two are long ago
});

test("a look at whose turn it is serves the rounds that follow while it is fresh, each stage run once", async () => {
  const memory = new QueueMemory();
  const slow = looking(["a", "b", "c"], 50); // good for half a second
  expect(idsOf(await memory.next(1, slow))).toEqual(["a"]);
  expect(idsOf(await memory.next(1, slow))).toEqual(["b"]);
  expect(slow.asked).toBe(1);
  expect(idsOf(await memory.next(3, slow))).toEqual(["c", "a", "b"]); // it was short of two, which another look found
  expect(slow.asked).toBe(2);
});

test("where another took some of what was seen, it is looked anew", async () => {
  const memory = new QueueMemory();
  const slow = looking(["a", "b", "c"], 50);
  await memory.next(1, slow);
  memory.forget();
  await memory.next(1, slow);
  expect(slow.asked).toBe(2);
});
