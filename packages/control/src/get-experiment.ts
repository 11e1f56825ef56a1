import { type Experiment, type Priority, priorities } from "@reluctant/contracts";
import { experimentSummaryRows, stageRunRows } from "@reluctant/db";
import { found, visibleTeam } from "./authorize.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";
import { summaryOf } from "./experiment-summaries.ts";
import { stageRunOf } from "./stage-runs.ts";

/** An experiment with its stage runs: all that its page shows at first. */
export async function getExperiment(
  { db }: Deps,
  { identity, id }: { identity: Caller; id: string },
): Promise<Experiment> {
  const team = visibleTeam(identity);
  const [row] = await experimentSummaryRows(db.prisma, [id]);
  const experiment = found(row && (team === null || row.teamId === team) ? row : null, "experiment", id);
  const [revision, stageRuns] = await Promise.all([
    db.prisma.specRevision.findFirstOrThrow({ where: { experimentId: id }, orderBy: { number: "desc" } }),
    stageRunRows(db.prisma, null, id, leaseSeconds),
  ]);
  return {
    ...summaryOf(experiment),
    granularity: experiment.granularity,
    precision: experiment.precision,
    priority: priorities[experiment.priority] as Priority,
    pool: experiment.pool,
    spec: revision.spec as Experiment["spec"],
    revision: revision.number,
    stageRuns: stageRuns.map(stageRunOf),
  };
}
