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
    const { count } = await t.prisma.artifactImport.createMany({
      data: [{ teamId, sha256: stored.sha256 }],
      skipDuplicates: true,
    });
    if (count === 0) return;
    await t.prisma.auditEvent.create({
      data: { teamId, actor, action: "artifact.import", subject: stored.sha256, detail: { bytes: stored.bytes } },
    });
  });
  return stored;
}
