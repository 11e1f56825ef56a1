import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("metrics carry the common prefix and the service, and two registries share nothing", async () => {
  const [one, other] = [createMetrics({ service: "api" }), createMetrics({ service: "worker" })];
  one.counter({ name: "http_requests_total", help: "Requests", labels: ["status"] }).inc({ status: "202" }, 3);
  other.gauge({ name: "slots", help: "Slots", collect: (gauge) => gauge.set(2) });
  expect(await one.text()).toContain('reluctant_http_requests_total{status="202",service="api"} 3');
  expect(await other.text()).toContain('reluctant_slots{service="worker"} 2');
  expect(await other.text()).not.toContain("http_requests_total");
});
