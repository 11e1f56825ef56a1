import type { MetricPoint } from "@reluctant/contracts";
import type { Written } from "@reluctant/control";

/** Points of one command: some seconds of a fast training. */
const batchPoints = 5_000;
/** Points kept while Postgres is away, an hour of a fast training; newer ones are dropped beyond. */
const waitingPoints = 200_000;

/** Step metrics on their way to Postgres, many steps at a time. Writing a point twice leaves it once. */
export interface MetricsBatch {
  add(points: readonly MetricPoint[]): void;
  flush(): Promise<Written>;
}

export function createMetricsBatch(write: (points: MetricPoint[]) => Promise<Written>): MetricsBatch {
  const waiting: MetricPoint[] = [];
  return {
    add(points) {
      waiting.push(...points.slice(0, Math.max(0, waitingPoints - waiting.length)));
    },
    async flush() {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, batchPoints);
        if ((await write(batch)) === "stale") return "stale";
        waiting.splice(0, batch.length);
      }
      return "written";
    },
  };
}
