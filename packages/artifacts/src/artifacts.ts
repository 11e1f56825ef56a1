import { ReluctantError } from "@reluctant/contracts";
import { type Database, type RowOf, sql } from "@reluctant/db";
import type { ByteStore } from "./byte-store.ts";
import { collectOutside } from "./collect-outside.ts";
import { deleteUnreferenced, putInPostgres, readChunks } from "./postgres.ts";
import type { ArtifactStore, ByteRange, PutInput, PutResult } from "./store.ts";

export interface ArtifactsOptions {
  /** Where what is put goes: a store, or Postgres itself. */
  writeTo: ByteStore | "postgres";
  /** All stores that artifacts may lie in beside Postgres; what is in another cannot be read. */
  stores: readonly ByteStore[];
  /** How long what is garbage stays, for those who read it, outside Postgres. */
  graceMs?: number;
}

/** Readers of the largest artifact are done by then. */
const defaultGraceMs = 3_600_000;

/** Artifacts whose rows, holds and references are in Postgres, and whose bytes lie where each row says. */
export function openArtifacts(
  db: Database,
  { writeTo, stores, graceMs = defaultGraceMs }: ArtifactsOptions,
): ArtifactStore {
  return {
    put: (input) => (writeTo === "postgres" ? putInPostgres(db, input) : putOutside(db, writeTo, input)),

    async get(sha256, range) {
      const artifact = await db.maybe(sql.storedArtifact, { sha256 });
      if (!artifact) return null;
      const bytes = Number(artifact.bytes);
      const { start, end } = range ?? { start: 0, end: bytes };
      if (range && !(0 <= start && start < end && end <= bytes)) {
        throw new RangeError(`bytes ${start} to ${end} are not within the ${bytes} bytes of artifact ${sha256}`);
      }
      const body = readWhereItIs(db, stores, { ...artifact, sha256 }, { start, end });
      return { bytes, mediaType: artifact.mediaType, body };
    },

    has: async (sha256) => (await db.maybe(sql.storedArtifact, { sha256 })) !== null,

    async collectGarbage(olderThanMs) {
      await db.run(sql.releaseEndedHolds, { olderThanMs });
      return (await deleteUnreferenced(db, olderThanMs)) + (await collectOutside(db, stores, { olderThanMs, graceMs }));
    },
  };
}

/** All of it in Postgres, as where nothing else is configured. */
export const postgresArtifacts = (db: Database): ArtifactStore =>
  openArtifacts(db, { writeTo: "postgres", stores: [] });

/**
 * Bytes are staged while they are hashed. A row then says where they are about to be, so that garbage collection finds them
 * whatever happens; once they are, it says that they are complete. Of two that put the same bytes both publish them, to one name.
 */
async function putOutside(
  db: Database,
  store: ByteStore,
  { attemptId, mediaType, bytes }: PutInput,
): Promise<PutResult> {
  const { location } = store;
  const staged = await store.stage(bytes);
  const { sha256 } = staged;
  try {
    const { complete } = await db.tx(async (t) => {
      const [, claimed] = await Promise.all([
        t.one(sql.lockName, { name: sha256 }),
        t.one(sql.claimArtifact, { sha256, bytes: BigInt(staged.bytes), mediaType, location }),
        attemptId && t.run(sql.holdArtifact, { attemptId, sha256 }),
      ]);
      return claimed;
    });
    if (!complete) {
      await staged.publish();
      await db.run(sql.completeArtifact, { sha256, location });
    }
    return { sha256, bytes: staged.bytes };
  } finally {
    await staged.discard().catch(() => {}); // what cannot be removed now is swept later
  }
}

type Stored = RowOf<typeof sql.storedArtifact> & { sha256: string };

/** Reads on from another store where the artifact moves there meanwhile. */
export async function* readWhereItIs(
  db: Database,
  stores: readonly ByteStore[],
  artifact: Stored,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array> {
  const { sha256 } = artifact;
  let { id, location } = artifact;
  for (let at = start; ; ) {
    const range = { start: at, end };
    try {
      const pieces =
        location === "postgres" ? readChunks(db, id, range) : storeAt(stores, location).read(sha256, range);
      for await (const piece of pieces) {
        at += piece.length;
        yield piece;
      }
      return;
    } catch (error) {
      const now = await db.maybe(sql.storedArtifact, { sha256 });
      if (!now || now.location === location) throw error;
      ({ id, location } = now);
    }
  }
}

/** @throws ReluctantError when this process was not told of it */
export function storeAt(stores: readonly ByteStore[], location: string): ByteStore {
  const store = stores.find((candidate) => candidate.location === location);
  if (store) return store;
  throw new ReluctantError(
    "unavailable",
    `artifacts lie in ${location}, which RELUCTANT_ARTIFACTS of this process does not name: add it behind the first`,
  );
}
