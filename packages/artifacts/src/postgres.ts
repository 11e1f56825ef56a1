import { createHash } from "node:crypto";
import { type Database, isForeignKeyViolation, sql, type Tx } from "@reluctant/db";
import { chunkBytes, inChunks } from "./chunks.ts";
import type { ArtifactStore, ByteRange } from "./store.ts";

/**
 * Artifacts as chunks of 4 MB in Postgres, at most two of them in memory (a 50 MB value costs the driver near 1 GB).
 *
 * What fits into one chunk is stored in one transaction, with its hold. A longer upload begins as a row without a name. Its last
 * transaction names it and takes the hold, or, where the same bytes are already stored, drops the upload and keeps the older
 * row. So a crash leaves a nameless row, which nobody is served and garbage collection removes.
 */
export const postgresArtifacts = (db: Database): ArtifactStore => ({
  async put({ attemptId, mediaType, bytes }) {
    const chunks = inChunks(bytes);
    const { value: first = Buffer.alloc(0) } = await chunks.next();
    const upload = { attemptId, mediaType };
    return first.length < chunkBytes ? putWhole(db, upload, first) : putInChunks(db, upload, first, chunks);
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

interface Upload {
  attemptId: string | undefined;
  mediaType: string;
}

interface Stored {
  sha256: string;
  bytes: number;
}

async function putWhole(db: Database, { attemptId, mediaType }: Upload, bytes: Uint8Array): Promise<Stored> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await db.tx(async (t) => {
    const known = await refresh(t, sha256);
    await Promise.all([
      !known && t.run(sql.storeArtifact, { sha256, mediaType, bytes }),
      attemptId && t.run(sql.holdArtifact, { attemptId, sha256 }),
    ]);
  });
  return { sha256, bytes: bytes.length };
}

async function putInChunks(
  db: Database,
  upload: Upload,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): Promise<Stored> {
  const { id: artifactId } = await db.one(sql.beginUpload, { mediaType: upload.mediaType });
  try {
    const stored = await writeChunks(db, artifactId, first, rest);
    await finishUpload(db, artifactId, stored, upload.attemptId);
    return stored;
  } catch (error) {
    // Best effort: what cannot be removed now is removed as garbage later.
    await db.run(sql.dropUpload, { artifactId }).catch(() => {});
    throw error;
  }
}

async function writeChunks(
  db: Database,
  artifactId: string,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): Promise<Stored> {
  const hash = createHash("sha256");
  let size = 0;
  let number = 0;
  const write = async (bytes: Uint8Array) => {
    hash.update(bytes);
    size += bytes.length;
    await db.run(sql.putChunk, { artifactId, number, bytes });
    number += 1;
  };
  await write(first);
  for await (const chunk of rest) await write(chunk);
  return { sha256: hash.digest("hex"), bytes: size };
}

async function finishUpload(
  db: Database,
  artifactId: string,
  { sha256, bytes }: Stored,
  attemptId: string | undefined,
): Promise<void> {
  await db.tx(async (t) => {
    const known = await refresh(t, sha256);
    await Promise.all([
      known
        ? t.run(sql.dropUpload, { artifactId })
        : t.run(sql.nameArtifact, { artifactId, sha256, bytes: BigInt(bytes) }),
      attemptId && t.run(sql.holdArtifact, { attemptId, sha256 }),
    ]);
  });
}

/**
 * Whether these bytes are stored already; then they are young, which keeps them from collection. Where they are not, a lock makes
 * two uploads of the same bytes end one after the other.
 */
async function refresh(t: Tx, sha256: string): Promise<boolean> {
  if (await t.maybe(sql.refreshArtifact, { sha256 })) return true;
  const [, stored] = await Promise.all([
    t.one(sql.lockName, { name: sha256 }),
    t.maybe(sql.refreshArtifact, { sha256 }),
  ]);
  return stored !== null;
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
