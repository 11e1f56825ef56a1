import type { Attempt } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { Caller, Deps } from "./deps.ts";
import { requireAccess } from "./stage-runs.ts";

/** Attempts of a stage run in order; none where the caller's team only found it finished. */
export async function listAttempts(
  deps: Deps,
  { identity, stageRunId }: { identity: Caller; stageRunId: string },
): Promise<Attempt[]> {
  const { own } = await requireAccess(deps, identity, stageRunId);
  if (!own) return [];
  return (await deps.db.many(sql.attemptsOfStageRun, { stageRunId })).map((row) => ({
    ...row,
    queuedAt: row.queuedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  }));
}
