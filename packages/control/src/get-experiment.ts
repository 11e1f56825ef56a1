import { type Experiment, type Priority, priorities, type StageRun } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { found, visibleTeam } from "./authorize.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";
import { summaryOf, summaryRow } from "./experiment-summaries.ts";
import { inBatches } from "./slices.ts";
import { stageRunOf } from "./stage-runs.ts";

/** An experiment with its stage runs: all that its page shows at first. */
export async function getExperiment(
  { db }: Deps,
  { identity, id }: { identity: Caller; id: string },
): Promise<Experiment> {
  const team = visibleTeam(identity);
  const row = await summaryRow(db, id);
  const experiment = found(row && (team === null || row.teamId === team) ? row : null, "experiment", id);
  const [revision, stageRuns] = await Promise.all([
    db.one(sql.latestRevision, { experimentId: id }),
    stageRunsOf(db, id),
  ]);
  return {
    ...summaryOf(experiment),
    granularity: experiment.granularity,
    precision: experiment.precision,
    priority: priorities[experiment.priority] as Priority,
    pool: experiment.pool,
    spec: revision.spec as Experiment["spec"],
    revision: revision.number,
    stageRuns,
  };
}

/** By the batch: reading the 20,000 stage runs of 10,000 trials at once held up every other request for 0.4 s. */
async function stageRunsOf(t: Statements, experimentId: string): Promise<StageRun[]> {
  const stageRuns: StageRun[] = [];
  for (const batch of inBatches(await t.many(sql.stageRunsOfExperiment, { experimentId }))) {
    const stageRunIds = batch.map(({ id }) => id);
    const rows = await t.many(sql.stageRuns, { stageRunIds, experimentId, leaseSeconds });
    stageRuns.push(...rows.map(stageRunOf));
  }
  return stageRuns;
}
