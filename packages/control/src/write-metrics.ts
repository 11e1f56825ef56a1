import type { MetricPoint } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { Written } from "./append-log.ts";
import type { Deps } from "./deps.ts";

export const pointsPerBlock = 512;

/**
 * Adds points to a stage run's series under the attempt's epoch. From the first new step of a series on, the new points
 * replace what was there: a resumed attempt overwrites its own tail, and a curve has each step once.
 */
export const writeMetrics = (
  { db }: Deps,
  { attemptId, epoch, points }: { attemptId: string; epoch: number; points: MetricPoint[] },
): Promise<Written> =>
  db.tx(async (t) => {
    const owned = await t.maybe(sql.fence, { attemptId, epoch });
    if (!owned) return "stale";
    const { stageRunId } = owned;
    const added = [...bySeries(points)];
    if (added.length === 0) return "written";
    const tails = await t.many(sql.metricTails, {
      stageRunId,
      series: added.map(([series]) => series),
      firstSteps: added.map(([, { steps }]) => steps[0] as number),
    });
    const blocks = added.flatMap(([series, curve]) =>
      extend(tails.find((tail) => tail.series === series) ?? { series, block: 0, steps: [], values: [] }, curve),
    );
    await t.run(sql.putMetricBlocks, { stageRunId, blocks });
    return "written";
  });

interface Curve {
  steps: number[];
  values: number[];
}

/** Points of each series by rising step; of two at one step the later counts. */
function bySeries(points: readonly MetricPoint[]): Map<string, Curve> {
  const values = new Map<string, Map<number, number>>();
  for (const { series, step, value } of points) values.set(series, (values.get(series) ?? new Map()).set(step, value));
  return new Map(
    [...values].map(([series, curve]) => {
      const sorted = [...curve].sort(([a], [b]) => a - b);
      return [series, { steps: sorted.map(([step]) => step), values: sorted.map(([, value]) => value) }];
    }),
  );
}

/** The block that `added` begins in, cut there and filled up, and the blocks that follow it. */
function extend(tail: sql.MetricBlock, added: Curve): sql.MetricBlock[] {
  const first = added.steps[0] as number;
  const kept = tail.steps.filter((step) => step < first).length;
  const steps = [...tail.steps.slice(0, kept), ...added.steps];
  const values = [...tail.values.slice(0, kept), ...added.values];
  return Array.from({ length: Math.ceil(steps.length / pointsPerBlock) }, (_, index) => ({
    series: tail.series,
    block: tail.block + index,
    steps: steps.slice(index * pointsPerBlock, (index + 1) * pointsPerBlock),
    values: values.slice(index * pointsPerBlock, (index + 1) * pointsPerBlock),
  }));
}
