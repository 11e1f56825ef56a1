import { readdir, rm } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openArtifacts } from "./artifacts.ts";
import type { ByteStore, StagedBytes } from "./byte-store.ts";
import { fileBytes } from "./files.ts";
import { databaseWithAttempt } from "./testing/database-with-attempt.ts";
import { folderStore } from "./testing/folder-store.ts";

const dayMs = 86_400_000;

let database: Awaited<ReturnType<typeof databaseWithAttempt>>;
let folder: string;
beforeEach(async () => {
  database = await databaseWithAttempt();
  folder = await folderStore();
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** A store in which some step is done otherwise, and the artifacts in it. */
function artifacts(change: Partial<ByteStore> = {}, graceMs = 0) {
  const store = { ...fileBytes(folder), ...change };
  return openArtifacts(database.db, { writeTo: store, stores: [store], graceMs });
}

const put = (store: ReturnType<typeof artifacts>) => store.put({ mediaType: "text/plain", bytes: someBytes() });

async function* someBytes() {
  yield Buffer.from("weights");
}

async function textOf(sha256: string): Promise<string | null> {
  const found = await artifacts().get(sha256);
  const pieces = [];
  for await (const piece of found?.body ?? []) pieces.push(piece);
  return found && Buffer.concat(pieces).toString();
}

/** What waits for `promise` goes on once it is opened. */
function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((opened) => {
    resolve = opened;
  });
  return { promise, resolve };
}

/** Files that are named by a hash. */
const files = async () =>
  (await readdir(folder, { recursive: true })).filter((name) => /^..\/[0-9a-f]{64}$/.test(name)).length;

test("garbage is served for the grace time, then it is gone, bytes and row", async () => {
  const { sha256 } = await put(artifacts());
  const patient = artifacts({}, 60_000);
  expect([await patient.collectGarbage(0), await patient.collectGarbage(0)]).toEqual([0, 0]);
  expect(await textOf(sha256)).toBe("weights");
  expect(await artifacts().collectGarbage(0)).toBe(1);
  expect([await artifacts().has(sha256), await files(), await database.db.prisma.artifact.count()]).toEqual([
    false,
    0,
    0,
  ]);
});

test("a put revives what is dying, and so does a reference", async () => {
  const { sha256 } = await put(artifacts());
  const patient = artifacts({}, 60_000);
  await patient.collectGarbage(0);
  await put(artifacts());
  expect(await artifacts().collectGarbage(dayMs)).toBe(0);
  await patient.collectGarbage(0);
  const { id: teamId } = await database.db.prisma.team.findFirstOrThrow();
  await database.db.prisma.artifactImport.create({ data: { sha256, teamId } });
  expect(await artifacts().collectGarbage(0)).toBe(0);
  await database.db.prisma.artifactImport.deleteMany();
  expect(await patient.collectGarbage(0)).toBe(0); // its time begins anew
  expect(await textOf(sha256)).toBe("weights");
});

test("a put that comes while the bytes are being deleted waits, and brings them again", async () => {
  const { sha256 } = await put(artifacts());
  const deleting = gate();
  const mayDelete = gate();
  const slow: ByteStore["remove"] = async (hash) => {
    deleting.resolve();
    await mayDelete.promise;
    await fileBytes(folder).remove(hash);
  };
  // Of no age, what the other put has staged would be swept, too.
  const collecting = artifacts({ remove: slow, sweep: async () => 0 }).collectGarbage(0);
  await deleting.promise;
  const again = put(artifacts());
  await aPutWaits();
  mayDelete.resolve();
  expect(await collecting).toBe(1);
  expect(await again).toEqual({ sha256, bytes: 7 });
  expect([await textOf(sha256), await files()]).toEqual(["weights", 1]);
});

test("a put between two steps of a deletion brings the bytes again", async () => {
  const { sha256 } = await put(artifacts());
  for (const remove of [
    async () => {
      throw new Error("the store went away before it deleted them");
    },
    async (hash: string) => {
      await fileBytes(folder).remove(hash);
      throw new Error("the coordinator was killed once they were deleted");
    },
  ]) {
    await expect(artifacts({ remove }).collectGarbage(0)).rejects.toThrow();
    expect(await artifacts().has(sha256)).toBe(false); // nobody is served what may be gone
    await put(artifacts());
    expect(await artifacts().collectGarbage(dayMs)).toBe(0);
    expect([await textOf(sha256), await files()]).toEqual(["weights", 1]);
  }
});

test("bytes of a put that was cut off are found by their row, wherever it was cut off", async () => {
  const at = (moment: "before" | "after") => async (bytes: AsyncIterable<Uint8Array>) => {
    const staged: StagedBytes = await fileBytes(folder).stage(bytes);
    const publish = async () => {
      if (moment === "after") await staged.publish();
      throw new Error("killed");
    };
    return { ...staged, publish };
  };
  for (const moment of ["before", "after"] as const) {
    await expect(put(artifacts({ stage: at(moment) }))).rejects.toThrow("killed");
    expect(await files()).toBe(moment === "after" ? 1 : 0);
    expect(await artifacts().collectGarbage(0)).toBe(1);
    expect([await files(), await database.db.prisma.artifact.count()]).toEqual([0, 0]);
  }
});

/** Until some transaction of this database waits for another's lock. */
async function aPutWaits(): Promise<void> {
  for (;;) {
    const [{ waiting }] = await database.db.prisma.$queryRaw<[{ waiting: number }]>`
      select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if (waiting > 0) return;
  }
}
