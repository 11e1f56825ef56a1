import type { ExperimentSummary } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { tradeOffOf } from "./trade-off.ts";

/** Summaries of the given experiments, newest first. */
export const experimentSummaries = async (t: Statements, experimentIds: string[]): Promise<ExperimentSummary[]> =>
  (await t.many(sql.experimentSummaries, { experimentIds })).map(summaryOf);

export const experimentSummary = async (t: Statements, experimentId: string): Promise<ExperimentSummary> =>
  summaryOf(await t.one(sql.experimentSummary, { experimentId }));

export const summaryOf = (row: sql.ExperimentSummaryRow): ExperimentSummary => ({
  id: row.id,
  name: row.name,
  state: row.state,
  reason: row.reason,
  dataset: row.dataset,
  datasetVersion: row.datasetVersion,
  model: row.model,
  recipe: row.recipe,
  methods: row.methods,
  budgets: row.budgets,
  seeds: row.seeds,
  trials: row.trials,
  progress: {
    total: row.total,
    succeeded: row.succeeded,
    cached: row.cached,
    active: row.active,
    waiting: row.waiting,
    failed: row.failed,
    cancelled: row.cancelled,
  },
  best: tradeOffOf(row.reached),
  gpuSeconds: row.gpuSeconds,
  etaSeconds: row.imagesPerSecond > 0 ? row.imagesLeft / row.imagesPerSecond : null,
  owner: row.owner,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});
