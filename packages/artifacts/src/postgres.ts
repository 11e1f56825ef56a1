import { createHash } from "node:crypto";
import { type Database, isForeignKeyViolation, sql } from "@reluctant/db";
import { chunkBytes, inChunks } from "./chunks.ts";
import type { ArtifactStore, ByteRange } from "./store.ts";

/**
 * Artifacts as chunks of 4 MB in Postgres, at most one of them in memory (a 50 MB value costs the driver near 1 GB).
 *
 * An upload is a row without a name. Its last transaction names it and takes the hold, or, where the same bytes are
 * already stored, drops the upload and keeps the older row. So a crash leaves a nameless row, which nobody is served
 * and garbage collection removes.
 */
export const postgresArtifacts = (db: Database): ArtifactStore => ({
  async put({ attemptId, mediaType, bytes }) {
    const { id } = await db.prisma.artifact.create({ data: { mediaType }, select: { id: true } });
    try {
      const { sha256, size } = await writeChunks(db, id, bytes);
      await finishUpload(db, { id, sha256, size, attemptId });
      return { sha256, bytes: size };
    } catch (error) {
      // Best effort: what cannot be removed now is removed as garbage later.
      await db.prisma.artifact.deleteMany({ where: { id, completeAt: null } }).catch(() => {});
      throw error;
    }
  },

  async get(sha256, range) {
    const artifact = await db.prisma.artifact.findFirst({ where: { sha256, completeAt: { not: null } } });
    if (!artifact) return null;
    const bytes = Number(artifact.bytes);
    const { start, end } = range ?? { start: 0, end: bytes };
    if (range && !(0 <= start && start < end && end <= bytes)) {
      throw new RangeError(`bytes ${start} to ${end} are not within the ${bytes} bytes of artifact ${sha256}`);
    }
    return { bytes, mediaType: artifact.mediaType, body: readChunks(db, artifact.id, { start, end }) };
  },

  async has(sha256) {
    return (await db.prisma.artifact.count({ where: { sha256, completeAt: { not: null } } })) > 0;
  },

  async collectGarbage(olderThanMs) {
    await db.run(sql.releaseEndedHolds, { olderThanMs });
    return deleteUnreferenced(db, olderThanMs);
  },
});

async function writeChunks(db: Database, id: string, source: AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  let size = 0;
  let number = 0;
  for await (const chunk of inChunks(source)) {
    hash.update(chunk);
    size += chunk.length;
    // Not raw: Prisma caches the plan of a raw statement under its values, and so would keep every chunk.
    await db.prisma.artifactChunk.create({ data: { artifactId: id, number, bytes: chunk }, select: { number: true } });
    number += 1;
  }
  return { sha256: hash.digest("hex"), size };
}

/** The lock makes two uploads of the same bytes end one after the other; the new date keeps a found row from collection. */
async function finishUpload(
  db: Database,
  { id, sha256, size, attemptId }: { id: string; sha256: string; size: number; attemptId: string | undefined },
): Promise<void> {
  await db.tx(async (t) => {
    await t.one(sql.lockName, { name: sha256 });
    const stored = await t.maybe(sql.refreshArtifact, { sha256 });
    if (stored) await t.run(sql.dropUpload, { artifactId: id });
    else await t.run(sql.nameArtifact, { artifactId: id, sha256, bytes: BigInt(size) });
    if (attemptId) await t.run(sql.holdArtifact, { attemptId, sha256 });
  });
}

async function* readChunks(db: Database, id: string, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  for (let number = Math.floor(start / chunkBytes); number * chunkBytes < end; number += 1) {
    // By statement: 66 MB/s, against 43 through the model.
    const chunk = await db.maybe(sql.artifactChunk, { artifactId: id, number });
    if (!chunk) throw new Error(`chunk ${number} of artifact ${id} is gone: it was collected while being read`);
    const offset = number * chunkBytes;
    yield chunk.bytes.subarray(Math.max(0, start - offset), end - offset);
  }
}

/**
 * One artifact a statement, since each drags its chunks along. A reference that appears meanwhile makes its foreign key
 * refuse the delete, and it stays.
 */
async function deleteUnreferenced(db: Database, olderThanMs: number): Promise<number> {
  let deleted = 0;
  for (const { id } of await db.many(sql.unreferencedArtifacts, { olderThanMs })) {
    const gone = await db.maybe(sql.deleteArtifact, { artifactId: id, olderThanMs }).catch((error: unknown) => {
      if (isForeignKeyViolation(error)) return null;
      throw error;
    });
    if (gone) deleted += 1;
  }
  return deleted;
}
