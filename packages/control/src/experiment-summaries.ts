import type { ExperimentSpec, ExperimentSummary } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import type { PlannedSpec } from "./plan-spec.ts";
import { tradeOffOf } from "./trade-off.ts";

/** Summaries of the given experiments, in their order: by the tallies of large ones, where these hold. */
export async function experimentSummaries(
  t: Statements,
  experiments: { id: string; tallied: boolean }[],
): Promise<ExperimentSummary[]> {
  const large = experiments.filter(({ tallied }) => tallied);
  const told = await Promise.all(large.map(({ id }) => t.maybe(sql.talliedExperimentSummary, { experimentId: id })));
  const rows = new Map(told.flatMap((row) => (row ? [[row.id, row]] : [])));
  const experimentIds = experiments.map(({ id }) => id).filter((id) => !rows.has(id));
  for (const row of await t.many(sql.experimentSummaries, { experimentIds })) rows.set(row.id, row);
  return experiments.flatMap(({ id }) => rows.get(id) ?? []).map(summaryOf);
}

export const experimentSummary = async (t: Statements, experimentId: string): Promise<ExperimentSummary> =>
  summaryOf(await t.one(sql.experimentSummary, { experimentId }));

/** The row of an experiment that may be large: by its tally, where it has one that holds. */
export const summaryRow = async (t: Statements, experimentId: string): Promise<sql.ExperimentSummaryRow | null> =>
  (await t.maybe(sql.talliedExperimentSummary, { experimentId })) ?? t.maybe(sql.experimentSummary, { experimentId });

/**
 * The same of an experiment that is being submitted, whose stage runs are all new: known without a look at what was written, which
 * takes Postgres 0.3 ms.
 */
export const newSummary = (
  { id, owner, createdAt }: { id: string; owner: string; createdAt: Date },
  { name, recipe }: ExperimentSpec,
  { dataset, model, trials, stageRuns }: PlannedSpec,
): ExperimentSummary => ({
  id,
  name,
  state: "active",
  reason: null,
  dataset: dataset.firstName,
  datasetVersion: dataset.version,
  model: model.name,
  recipe,
  methods: [...new Set(trials.map(({ method }) => method))].sort(),
  budgets: [...new Set(trials.flatMap(({ budget }) => budget ?? []))].sort((a, b) => a - b),
  seeds: [...new Set(trials.map(({ seed }) => seed))].sort((a, b) => a - b),
  trials: trials.length,
  progress: { ...nothingYet, total: stageRuns.length, waiting: stageRuns.length },
  best: null,
  gpuSeconds: 0,
  etaSeconds: null,
  owner,
  createdAt: createdAt.toISOString(),
  finishedAt: null,
});

const nothingYet = { succeeded: 0, cached: 0, active: 0, failed: 0, cancelled: 0 };

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
