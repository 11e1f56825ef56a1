import { expect, test } from "vitest";
import { createWakeSignal } from "./wake-signal.ts";

const never = new AbortController().signal;
const long = 60_000;

test("a sleep ends once notified, after its time, or when the loop is to end", async () => {
  const wakeSignal = createWakeSignal();
  const slept = wakeSignal.wait(long, never);
  wakeSignal.notify();
  await slept;
  await wakeSignal.wait(1, never);
  const stop = new AbortController();
  const stopped = wakeSignal.wait(long, stop.signal);
  stop.abort();
  await stopped;
  await expect(wakeSignal.wait(long, stop.signal)).resolves.toBeUndefined(); // does not begin
});

test("a notification that came while the loop was busy ends its next sleep, and no other", async () => {
  const wakeSignal = createWakeSignal();
  wakeSignal.notify();
  wakeSignal.notify();
  await wakeSignal.wait(long, never);
  const slept = wakeSignal.wait(long, never).then(() => "slept");
  expect(await Promise.race([slept, new Promise((resolve) => setImmediate(resolve, "sleeps"))])).toBe("sleeps");
  wakeSignal.notify();
  await slept;
});

test("a second loop is refused: it would sleep on while the first is woken", async () => {
  const wakeSignal = createWakeSignal();
  const slept = wakeSignal.wait(long, never);
  await expect(wakeSignal.wait(long, never)).rejects.toThrow("one waiter at a time");
  wakeSignal.notify();
  await slept;
});
