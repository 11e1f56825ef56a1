import type { MetricPoint } from "@reluctant/contracts";
import type { Written } from "@reluctant/control";

/** Points of one command: some seconds of a fast training. */
const maxBatchPoints = 5_000;
/** Points kept while Postgres is away, an hour of a fast training; newer ones are dropped beyond. */
const maxBufferedPoints = 200_000;

/** Step metrics on their way to Postgres, many steps at a time. Writing a point twice leaves it once. */
export interface MetricsBuffer {
  add(points: readonly MetricPoint[]): void;
  flush(): Promise<Written>;
}

export function createMetricsBuffer(write: (points: MetricPoint[]) => Promise<Written>): MetricsBuffer {
  const waiting: MetricPoint[] = [];
  return {
    add(points) {
      waiting.push(...points.slice(0, Math.max(0, maxBufferedPoints - waiting.length)));
    },
    async flush() {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, maxBatchPoints);
        if ((await write(batch)) === "stale") return "stale";
        waiting.splice(0, batch.length);
      }
      return "written";
    },
  };
}
