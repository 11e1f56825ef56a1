import type { ExperimentSummary } from "@reluctant/contracts";
import { type ExperimentSummaryRow, experimentSummaryRows, type Tx } from "@reluctant/db";
import { tradeOffOf } from "./trade-off.ts";

/** Summaries of the given experiments, newest first. */
export const experimentSummaries = async (
  t: Pick<Tx, "$queryRawUnsafe">,
  ids: string[],
): Promise<ExperimentSummary[]> => (await experimentSummaryRows(t, ids)).map(summaryOf);

export async function experimentSummary(t: Pick<Tx, "$queryRawUnsafe">, id: string): Promise<ExperimentSummary> {
  const [summary] = await experimentSummaries(t, [id]);
  if (!summary) throw new Error(`experiment ${id} is gone`);
  return summary;
}

export const summaryOf = (row: ExperimentSummaryRow): ExperimentSummary => ({
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
