/** Alerts, dashboard and scaler ask for metrics that the API has. */
import { registerWorker } from "@reluctant/control";
import { engineOf, versionsOf } from "@reluctant/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { glyphs, startApi } from "../api.ts";
import { read, yamlOf } from "./files.ts";
import { metricsIn } from "./promql.ts";

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}
interface Dashboard {
  templating: { list: { query: { query: string } }[] };
  panels: {
    id: number;
    title: string;
    targets: { expr: string }[];
    gridPos: { x: number; y: number; w: number; h: number };
  }[];
}
interface Scaled {
  spec: { triggers: { metadata: { query: string } }[] };
}

const rules = (yamlOf("infra/prometheus/rules.yml") as Rules[]).flatMap(({ groups }) => groups).flatMap((g) => g.rules);
const dashboard: Dashboard = JSON.parse(read("infra/grafana/dashboards/reluctant.json"));
const scaled = yamlOf("infra/k8s/overlays/gpu-cluster/scaled-object.yaml") as Scaled[];

const expressions: [where: string, expression: string][] = [
  ...rules.map(({ alert, expr }) => [alert, expr] as [string, string]),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as [string, string])),
  ...dashboard.templating.list.map(
    ({ query }) => ["variables", query.query.replace(/^label_values\((\w+),.*/, "$1")] as [string, string],
  ),
  ...scaled.flatMap(({ spec }) => spec.triggers.map(({ metadata }) => ["scaler", metadata.query] as [string, string])),
];

let api: Awaited<ReturnType<typeof startApi>>;
/** Samples of `/metrics`: name, and labels. */
let samples: { name: string; labels: string[] }[];
beforeAll(async () => {
  api = await startApi();
  const worker = { name: "a", hostname: "a", pool: "default", engine: engineOf(), versions: versionsOf() };
  await registerWorker(api.control, {
    ...worker,
    datasets: [glyphs.version],
    preparingDatasets: [],
    unusableDatasets: [],
  });
  const text = await vi.waitFor(async () => {
    const told = await (await api.request("/metrics")).text();
    expect(told).toContain("reluctant_http_request_duration_seconds_count"); // from the second request on
    return told;
  }, 10_000);
  samples = [...text.matchAll(/^(\w+)(?:\{(.*)\})? /gm)].map(([, name = "", labels = ""]) => ({
    name,
    labels: [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label),
  }));
});
afterAll(() => api.close());

/** Prometheus' own, of every target. */
const own = ["up"];

test("each metric is one that /metrics tells", () => {
  const told = new Set(samples.map(({ name }) => name).concat(own));
  expect(told.size).toBeGreaterThan(20);
  const unknown = expressions.flatMap(([where, expression]) =>
    metricsIn(expression)
      .filter((name) => !told.has(name))
      .map((name) => `${where}: ${name}`),
  );
  expect(unknown).toEqual([]);
  expect(expressions.filter(([, expression]) => metricsIn(expression).length === 0)).toEqual([]);
});

test("each label that is asked of our metrics is one that they have", () => {
  const labelsOf = (name: string) => samples.filter((sample) => sample.name === name).flatMap(({ labels }) => labels);
  const ofTarget = ["job", "instance"];
  const asked = expressions.flatMap(([where, expression]) =>
    [...expression.matchAll(/(reluctant_\w+)\{([^{}]*)\}/g)].flatMap(([, name = "", selector = ""]) =>
      [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label = ""]) => ({ where, name, label })),
    ),
  );
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter(({ name, label }) => ![...labelsOf(name), ...ofTarget].includes(label))).toEqual([]);
});

test("every alert has a unit test, and no two panels lie over each other", () => {
  const tested = new Set(
    [...read("infra/prometheus/rules.test.yml").matchAll(/alertname: (\w+)/g)].map(([, name]) => name),
  );
  expect(rules.map(({ alert }) => alert).filter((alert) => !tested.has(alert))).toEqual([]);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

test("metrics are told from functions, labels and words", () => {
  const expression = `histogram_quantile(0.95, sum by (le) (rate(a_bucket{b="c(d)"}[5m]))) > 1 and on (e) f unless g_total offset 5m`;
  expect(metricsIn(expression)).toEqual(["a_bucket", "f", "g_total"]);
});
