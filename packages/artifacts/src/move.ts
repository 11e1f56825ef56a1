import { type Database, type RowOf, sql } from "@reluctant/db";
import { type ArtifactsOptions, readWhereItIs } from "./artifacts.ts";
import { removeCopy } from "./collect-outside.ts";
import { moveIntoPostgres } from "./postgres.ts";

/** Artifacts that are moved at once: small ones are all waiting. */
const lanes = 4;
const pageSize = 200;

export interface MoveProgress {
  /** What is done, and what there was when the move began. */
  artifacts: { done: number; total: number };
  bytes: { done: number; total: number };
}

export interface MoveReport {
  artifacts: number;
  bytes: number;
  /** What stays where it is: its bytes are not those that it is named by, or cannot be read. */
  failures: { sha256: string; reason: string }[];
}

/**
 * Brings every artifact to `writeTo`, from wherever it lies: its bytes are written there, found to have their hash, and read from
 * there before the former copy is removed. Readers and writers go on. Cut off at any moment, it goes on where it was when run
 * again.
 * @throws the signal's reason, once those that are under way have moved
 */
export async function moveArtifacts(
  db: Database,
  { writeTo, stores }: Omit<ArtifactsOptions, "graceMs">,
  { onProgress, signal }: { onProgress?: (progress: MoveProgress) => void; signal?: AbortSignal } = {},
): Promise<MoveReport> {
  const store = writeTo === "postgres" ? writeTo : writeTo.location;
  for (const { id, store: left } of await db.many(sql.leftoverCopies, { olderThanMs: 0 }))
    if (left !== store) await removeCopy(db, stores, { artifactId: id, store: left });

  const total = await db.one(sql.amountToMove, { store });
  const report: MoveReport = { artifacts: 0, bytes: 0, failures: [] };
  const tell = () =>
    onProgress?.({
      artifacts: { done: report.artifacts, total: total.artifacts },
      bytes: { done: report.bytes, total: Number(total.bytes) },
    });
  tell();
  for (let after: string | null = null; ; ) {
    const page: Artifact[] = await db.many(sql.artifactsToMove, { store, after, limit: pageSize });
    after = page.at(-1)?.id ?? null;
    if (after === null) return report;
    const left = page.values();
    const lane = async () => {
      for (const artifact of left) {
        if (signal?.aborted) return;
        try {
          await moveOne(db, { writeTo, stores }, artifact);
          report.artifacts += 1;
          report.bytes += Number(artifact.bytes);
        } catch (error) {
          report.failures.push({ sha256: artifact.sha256, reason: (error as Error).message });
        }
        tell();
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    signal?.throwIfAborted();
  }
}

type Artifact = RowOf<typeof sql.artifactsToMove>;

async function moveOne(
  db: Database,
  { writeTo, stores }: Omit<ArtifactsOptions, "graceMs">,
  artifact: Artifact,
): Promise<void> {
  const { id: artifactId, sha256, mediaType, location: from } = artifact;
  const store = writeTo === "postgres" ? writeTo : writeTo.location;
  const check = (arrived: string) => {
    if (arrived !== sha256) throw new Error(`its bytes in ${from} have the hash ${arrived}`);
  };
  await db.run(sql.beginMove, { artifactId, store });
  const bytes = readWhereItIs(db, stores, artifact, { start: 0, end: Number(artifact.bytes) });
  if (writeTo === "postgres") {
    await moveIntoPostgres(db, { sha256, mediaType, bytes }, check);
  } else {
    const staged = await writeTo.stage(bytes);
    try {
      check(staged.sha256);
      await staged.publish();
    } finally {
      await staged.discard().catch(() => {}); // swept later
    }
    if (!(await db.maybe(sql.finishMove, { artifactId, store }))) {
      const now = await db.maybe(sql.storedArtifact, { sha256 });
      if (now && now.location !== store)
        throw new Error(`its copy in ${store} was collected before it was read from there: move again`);
      return; // collected itself, or moved by another
    }
  }
  await removeCopy(db, stores, { artifactId, store: from });
}
