import { visibleTeam } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";

/** Whether the artifact is stored and the caller's team imported it, or needs (or needed) a stage run that made it. */
export async function mayReadArtifact(
  { db, artifacts }: Deps,
  { identity, sha256 }: { identity: Caller; sha256: string },
): Promise<boolean> {
  const teamId = visibleTeam(identity);
  if (teamId === null) return artifacts.has(sha256);
  const [row] = await db.prisma.$queryRaw<{ readable: boolean }[]>`
    select exists (
      select from artifact_import where sha256 = ${sha256} and team_id = ${teamId}::uuid
    ) or exists (
      select from stage_run_artifact a
      join need n on n.stage_run_id = a.stage_run_id
      join trial t on t.id = n.trial_id
      join experiment e on e.id = t.experiment_id
      where a.sha256 = ${sha256} and e.team_id = ${teamId}::uuid
    ) as readable`;
  return row?.readable ?? false;
}
