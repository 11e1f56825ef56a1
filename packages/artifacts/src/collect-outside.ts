import { type Database, isForeignKeyViolation, sql } from "@reluctant/db";
import type { ByteStore } from "./byte-store.ts";

/**
 * Deletes what is garbage outside Postgres, whose rows and bytes cannot go in one transaction, in steps each of which may be the
 * last:
 *
 *   referred to by nothing ──▶ dying ──▶ condemned ──▶ bytes deleted, then the row, while it is locked
 *                                │ grace time: readers end      │
 *                 a put: alive ◀─┘         a put: brings the bytes again ◀┘
 *
 * So bytes that are served are there, bytes without a row are not, and a put that comes in between waits for the row's lock.
 * Answers how many artifacts, and uploads that were cut off, are gone.
 */
export async function collectOutside(
  db: Database,
  stores: readonly ByteStore[],
  { olderThanMs, graceMs }: { olderThanMs: number; graceMs: number },
): Promise<number> {
  if (stores.length === 0) return 0;
  await db.run(sql.markDyingArtifacts, { olderThanMs });
  await db.run(sql.condemnArtifacts, { graceMs });
  let deleted = 0;
  for (const { id, location, elsewhere } of await db.many(sql.condemnedArtifacts, { graceMs })) {
    if (![location, ...elsewhere].every((name) => isKnown(stores, name))) continue; // a coordinator that knows them will
    if (await deleteCondemned(db, stores, id)) deleted += 1;
  }
  for (const { id, store } of await db.many(sql.leftoverCopies, { olderThanMs }))
    await removeCopy(db, stores, { artifactId: id, store });
  for (const store of stores) deleted += await store.sweep(olderThanMs);
  return deleted;
}

const isKnown = (stores: readonly ByteStore[], name: string) =>
  name === "postgres" || stores.some(({ location }) => location === name);

async function deleteCondemned(db: Database, stores: readonly ByteStore[], artifactId: string): Promise<boolean> {
  try {
    return await db.tx(async (t) => {
      const doomed = await t.maybe(sql.deleteCondemnedArtifact, { artifactId });
      if (!doomed) return false;
      const places = new Set([doomed.location, ...doomed.elsewhere]);
      for (const store of stores) if (places.has(store.location)) await store.remove(doomed.sha256);
      return true;
    });
  } catch (error) {
    if (isForeignKeyViolation(error)) return false; // referred to meanwhile
    throw error;
  }
}

/**
 * Removes the bytes of an artifact where it is not read from any more. Harmless when that was done; of a store that this process was not
 * told of they stay, and stay known.
 */
export async function removeCopy(
  db: Database,
  stores: readonly ByteStore[],
  { artifactId, store }: { artifactId: string; store: string },
): Promise<void> {
  if (!isKnown(stores, store)) return;
  await db.tx(async (t) => {
    const artifact = await t.maybe(sql.forgetCopy, { artifactId, store });
    if (!artifact) return;
    if (store === "postgres") await t.run(sql.dropChunks, { artifactId });
    else await stores.find(({ location }) => location === store)?.remove(artifact.sha256);
  });
}
