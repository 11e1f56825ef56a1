import type { StageParams, StageRun } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { found, visibleTeam } from "./authorize.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";

/** A stage run that the caller's team needs or used. */
export async function getStageRun({ db }: Deps, { identity, id }: { identity: Caller; id: string }): Promise<StageRun> {
  await requireAccess({ db }, identity, id);
  return stageRunOf(await db.one(sql.stageRuns, { stageRunIds: [id], experimentId: null, leaseSeconds }));
}

/**
 * Throws `not-found` unless the caller's team needs or used the stage run. `own`: it ran for the team, too, so its
 * attempts and logs are the team's to see; one that was found finished shows only its result.
 */
export async function requireAccess(
  { db }: Pick<Deps, "db">,
  identity: Caller,
  stageRunId: string,
): Promise<{ own: boolean }> {
  const access = await db.maybe(sql.accessToStageRun, { stageRunId, teamId: visibleTeam(identity) });
  return found(access, "stage run", stageRunId);
}

/** Its pool, resources and data set only say why no worker takes it. */
export const stageRunOf = ({
  datasetVersion,
  pool,
  resources,
  unservable,
  reason,
  progress,
  createdAt,
  finishedAt,
  ...row
}: sql.StageRunRow): StageRun => ({
  ...row,
  reason: reason ?? unservable,
  progress: progress && { ...progress, etaSeconds: etaSeconds(imagesOfStep(row.params), progress) },
  createdAt: createdAt.toISOString(),
  finishedAt: finishedAt?.toISOString() ?? null,
});

/** A measurement infers one image a step. */
const imagesOfStep = (params: StageParams): number =>
  params.kind === "private-inference" ? 1 : params.settings.batchSize;

const etaSeconds = (
  batchSize: number,
  { step, totalSteps, imagesPerSecond }: NonNullable<sql.StageRunRow["progress"]>,
): number | null => (imagesPerSecond > 0 ? ((totalSteps - step) * batchSize) / imagesPerSecond : null);
