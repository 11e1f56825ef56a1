import { createLogger } from "@reluctant/telemetry";
import { afterEach, expect, test, vi } from "vitest";
import type { StopCause } from "./slot.ts";
import { createStopOrder } from "./stop-order.ts";

afterEach(() => vi.useRealTimers());

const setup = () => createStopOrder(createLogger({ name: "worker", level: "silent" }));

test("who follows a stop order gets the cause that stands, then each more urgent one, until they stop following", () => {
  const stop = setup();
  stop.give("drain");
  const causes: StopCause[] = [];
  const unfollow = stop.follow((cause) => causes.push(cause));
  stop.give("drain");
  stop.give("cancel");
  stop.give("preempt");
  unfollow();
  stop.give("stale");
  expect(causes).toEqual(["drain", "cancel"]);
  expect(stop.cause).toBe("stale");
});

test("any cause ends the preparation, and only an attempt that is not ours any more ends the writes", () => {
  const stop = setup();
  expect([stop.given.aborted, stop.stale.aborted]).toEqual([false, false]);
  stop.give("cancel");
  expect([stop.given.aborted, stop.stale.aborted]).toEqual([true, false]);
  stop.give("stale");
  expect(stop.stale.aborted).toBe(true);
});

test("a worker that is forced to drain gives its attempt up after ten seconds, unless the attempt has ended by then", () => {
  vi.useFakeTimers();
  const [reported, waiting] = [setup(), setup()];
  for (const stop of [reported, waiting]) stop.give("forceDrain");
  reported.close();
  vi.advanceTimersByTime(10_000);
  expect([reported.cause, waiting.cause]).toEqual(["forceDrain", "stale"]);
});
