import { ReluctantError } from "@reluctant/contracts";
import { createLogger } from "@reluctant/telemetry";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readSlots } from "./config.ts";
import { pauseAfter, serveSlots } from "./serve-slots.ts";
import type { SlotEnd } from "./supervisor.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Two slots, `a` and `b`, whose ends the test decides. */
function setup() {
  const slots = readSlots({
    DATABASE_URL: "postgresql://db.lab/reluctant",
    REDIS_URL: "redis://redis.lab",
    RELUCTANT_CACHE: "/cache",
    RELUCTANT_SLOTS: JSON.stringify([{ RELUCTANT_WORKER_NAME: "a" }, { RELUCTANT_WORKER_NAME: "b" }]),
  });
  const lines: { level: string; msg: string; worker: string; againInSeconds?: number }[] = [];
  const log = createLogger({ name: "worker", level: "info" }, { write: (line) => void lines.push(JSON.parse(line)) });
  const asked = new AbortController();
  const starts = { a: 0, b: 0 };
  const ends = new Map<string, { end(how: SlotEnd): void; fail(error: Error): void }>();
  const code = serveSlots(slots, {
    log,
    signal: asked.signal,
    serve: ({ config }) => {
      const name = config.name as "a" | "b";
      starts[name] += 1;
      return new Promise((end, fail) => ends.set(name, { end, fail }));
    },
  });
  const fails = async (name: string, message = "no GPU") => {
    ends.get(name)?.fail(new ReluctantError("unavailable", message));
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    lines,
    starts,
    code,
    fails,
    ask: () => asked.abort(),
    end: (name: string, how: SlotEnd) => ends.get(name)?.end(how),
  };
}

test("pauses double from a second to a minute", () => {
  expect([1, 2, 3, 6, 7, 50].map(pauseAfter)).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
});

test("a slot that fails is served again while another is, after a pause that grows until it lasts", async () => {
  const { lines, starts, fails, code, end } = setup();
  for (const [seconds, before] of [
    [1, 1],
    [2, 2],
    [4, 3],
  ] as const) {
    expect(starts).toEqual({ a: 1, b: before });
    await fails("b");
    expect(lines.at(-1)).toMatchObject({ level: "error", msg: "no GPU", worker: "b", againInSeconds: seconds });
    await vi.advanceTimersByTimeAsync(1_000 * seconds - 1);
    expect(starts.b).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(60_000); // it lasts
  await fails("b");
  expect(lines.at(-1)).toMatchObject({ againInSeconds: 1 });
  await vi.advanceTimersByTimeAsync(1_000);
  end("a", "drained");
  end("b", "drained");
  expect(await code).toBe(0);
});

test("where no slot is left that is served the process ends, and says why with each", async () => {
  const { lines, fails, code } = setup();
  await fails("a", "no GPU 0");
  await fails("b", "no GPU 1");
  expect(await code).toBe(1);
  expect(lines).toMatchObject([
    { level: "error", worker: "a", msg: "no GPU 0" },
    { level: "fatal", worker: "b", msg: "no GPU 1" },
  ]);
});

test("a slot whose name another took is not served again, and the process tells so when it ends", async () => {
  const { starts, end, code } = setup();
  end("a", "replaced");
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(starts).toEqual({ a: 1, b: 1 });
  end("b", "drained");
  expect(await code).toBe(1);
});

test("a process that is asked to end waits for no slot that pauses", async () => {
  const { starts, fails, ask, end, code } = setup();
  await fails("b");
  ask();
  end("a", "drained");
  expect(await code).toBe(0);
  expect(starts).toEqual({ a: 1, b: 1 });
});
