import type { MetricPoint } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { createMetricsBuffer } from "./metrics-buffer.ts";

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
