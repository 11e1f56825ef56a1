import type { MetricSeries } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { Caller, Deps } from "./deps.ts";
import { requireAccess } from "./stage-runs.ts";

/** Curves of a stage run, each step once, by rising step; with `afterStep` only what came after it. */
export async function readMetrics(
  deps: Deps,
  {
    identity,
    stageRunId,
    series,
    afterStep = -1,
  }: { identity: Caller; stageRunId: string; series?: string[]; afterStep?: number },
): Promise<MetricSeries[]> {
  await requireAccess(deps, identity, stageRunId);
  const curves = new Map<string, MetricSeries>();
  for (const block of await deps.db.many(sql.metricBlocks, { stageRunId, series: series ?? null, afterStep })) {
    const curve = curves.get(block.series) ?? { series: block.series, steps: [], values: [] };
    const from = block.steps.findIndex((step) => step > afterStep);
    curve.steps.push(...block.steps.slice(from));
    curve.values.push(...block.values.slice(from));
    curves.set(block.series, curve);
  }
  return [...curves.values()];
}
