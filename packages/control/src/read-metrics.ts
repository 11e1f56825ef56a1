import type { MetricSeries } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { Caller, Deps } from "./deps.ts";
import { requireAccess } from "./stage-runs.ts";
import { thinCurve } from "./thin-curve.ts";
import { pointsPerBlock } from "./write-metrics.ts";

export interface ReadMetrics {
  identity: Caller;
  stageRunId: string;
  series?: string[];
  afterStep?: number;
  /** Most points of a series; what is left of a longer one keeps its lows and highs. All where it is not said. */
  most?: number;
}

/** Curves of a stage run, each step once, by rising step; with `afterStep` only what came after it. */
export async function readMetrics(
  deps: Deps,
  { identity, stageRunId, series, afterStep = -1, most }: ReadMetrics,
): Promise<MetricSeries[]> {
  await requireAccess(deps, identity, stageRunId);
  const which = { stageRunId, series: series ?? null, afterStep };
  if (most === undefined) return curvesOf(await deps.db.many(sql.metricBlocks, which), afterStep);
  const blocks = await deps.db.many(sql.metricExtremes, { ...which, most, blockSize: pointsPerBlock });
  return curvesOf(blocks, afterStep).map((curve) => ({ ...curve, ...thinCurve(curve, most) }));
}

function curvesOf(blocks: readonly sql.MetricBlock[], afterStep: number): MetricSeries[] {
  const curves = new Map<string, MetricSeries>();
  for (const block of blocks) {
    const curve = curves.get(block.series) ?? { series: block.series, steps: [], values: [] };
    const from = block.steps.findIndex((step) => step > afterStep);
    curve.steps.push(...block.steps.slice(from));
    curve.values.push(...block.values.slice(from));
    curves.set(block.series, curve);
  }
  return [...curves.values()];
}
