import { sql } from "@reluctant/db";
import { visibleTeam } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";

/** Whether the artifact is stored and the caller's team imported it, or needs (or needed) a stage run that made it. */
export async function mayReadArtifact(
  { db, artifacts }: Deps,
  { identity, sha256 }: { identity: Caller; sha256: string },
): Promise<boolean> {
  const teamId = visibleTeam(identity);
  if (teamId === null) return artifacts.has(sha256);
  const { readable } = await db.one(sql.mayReadArtifact, { sha256, teamId });
  return readable;
}
