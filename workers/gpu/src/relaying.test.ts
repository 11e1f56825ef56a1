import type { MetricPoint } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { createLogBuffer } from "./log-buffer.ts";
import { createMetricsBuffer } from "./metrics-buffer.ts";

/** A log as `appendLog` keeps it: the first chunk at an offset stays. */
function logStore() {
  const chunks = new Map<number, Uint8Array>();
  let failures = 0;
  return {
    failNext: (count: number) => (failures = count),
    text: () => Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)).toString(),
    async append({ offset, bytes }: { offset: number; bytes: Uint8Array }) {
      if (!chunks.has(offset)) chunks.set(offset, bytes);
      if (failures-- > 0) throw new Error("the answer got lost");
      return "written" as const;
    },
  };
}

test("a log arrives whole and once, although answers got lost and lines came in between", async () => {
  const store = logStore();
  const log = createLogBuffer(store.append);
  log.line("one");
  store.failNext(1);
  await expect(log.flush()).rejects.toThrow("lost");
  log.line("two");
  log.write(Buffer.from("three"));
  expect(await log.flush()).toBe("written");
  expect(store.text()).toBe("one\ntwo\nthree");
});

test("a log ends at its limit, with a line that says so", async () => {
  const store = logStore();
  const log = createLogBuffer(store.append, 10);
  for (const line of ["123456", "abcdef", "never"]) log.line(line);
  await log.flush();
  expect(store.text()).toBe("123456\nabc\n[the log ends here: it reached 10 bytes]\n");
});

test("metrics wait for Postgres in order, and go in batches", async () => {
  const points = (from: number, count: number): MetricPoint[] =>
    Array.from({ length: count }, (_, index) => ({ series: "loss", step: from + index, value: 1 }));
  const written: MetricPoint[][] = [];
  let away = true;
  const metrics = createMetricsBuffer(async (batch) => {
    if (away) throw new Error("Postgres is away");
    written.push(batch);
    return "written";
  });
  metrics.add(points(0, 6_000));
  await expect(metrics.flush()).rejects.toThrow("away");
  metrics.add(points(6_000, 10));
  away = false;
  expect(await metrics.flush()).toBe("written");
  expect(written.map((batch) => batch.length)).toEqual([5_000, 1_010]);
  expect(written.flat()).toEqual(points(0, 6_010));
});
