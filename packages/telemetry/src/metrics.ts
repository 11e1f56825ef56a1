import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type { Counter, Gauge, Histogram } from "prom-client";

interface MetricInput<L extends string> {
  /** Prometheus name without the `reluctant_` that all share; units at the end (`_seconds`, `_bytes`, `_total`). */
  name: string;
  help: string;
  labels?: readonly L[];
}

/** Metrics of one process, in a registry of their own, so that two services in one test do not share counters. */
export interface Metrics {
  counter<L extends string>(input: MetricInput<L>): Counter<L>;
  gauge<L extends string>(input: MetricInput<L> & { collect?: (gauge: Gauge<L>) => void | Promise<void> }): Gauge<L>;
  /** `buckets` are upper bounds in the metric's unit. */
  histogram<L extends string>(input: MetricInput<L> & { buckets: number[] }): Histogram<L>;
  contentType: string;
  /** All metrics in Prometheus' text form. */
  text(): Promise<string>;
}

/** A registry with Node's own metrics (memory, event loop, garbage collection), all labelled with the service. */
export function createMetrics({ service }: { service: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const common = <L extends string>({ name, help, labels = [] }: MetricInput<L>) => ({
    name: `reluctant_${name}`,
    help,
    labelNames: labels,
    registers: [registry],
  });
  return {
    counter: (input) => new Counter(common(input)),
    gauge: ({ collect, ...input }) =>
      new Gauge({
        ...common(input),
        ...(collect && {
          collect() {
            return collect(this);
          },
        }),
      }),
    histogram: ({ buckets, ...input }) => new Histogram({ ...common(input), buckets }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
