import { sql } from "@reluctant/db";
import type { Caller, Deps } from "./deps.ts";

/**
 * Stores bytes that a team brings itself, so that it may name them in a spec. They stay: an import is a reference.
 * Importing the same bytes again changes nothing.
 */
export async function importArtifact(
  { db, artifacts }: Deps,
  { identity, mediaType, bytes }: { identity: Caller; mediaType: string; bytes: AsyncIterable<Uint8Array> },
): Promise<{ sha256: string; bytes: number }> {
  const stored = await artifacts.put({ mediaType, bytes });
  const { teamId, name: actor } = identity;
  await db.tx(async (t) => {
    const { sha256, bytes } = stored;
    if (!(await t.maybe(sql.importArtifact, { teamId, sha256 }))) return;
    await t.run(sql.insertAuditEvent, { teamId, actor, action: "artifact.import", subject: sha256, detail: { bytes } });
  });
  return stored;
}
