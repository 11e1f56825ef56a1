import { expect, test } from "vitest";
import { postgresArtifacts } from "./artifacts.ts";
import { artifactStoreConformance } from "./conformance.ts";
import { databaseWithAttempt } from "./testing/database-with-attempt.ts";

async function setup() {
  const { db, attemptId, close } = await databaseWithAttempt();
  return { db, store: postgresArtifacts(db), attemptId, close };
}

artifactStoreConformance("Postgres", setup);

async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

test("an upload that a crash cut off is served to nobody and collected when old", async () => {
  const { db, store, close } = await setup();
  const upload = await db.prisma.artifact.create({ data: { mediaType: "text/plain" } });
  await db.prisma.artifactChunk.create({ data: { artifactId: upload.id, number: 0, bytes: Buffer.from("half") } });
  expect(await store.collectGarbage(60_000)).toBe(0);
  expect(await store.collectGarbage(0)).toBe(1);
  expect(await db.prisma.artifactChunk.count()).toBe(0);
  await close();
});

test("the holds of an attempt end some time after it", async () => {
  const { db, store, attemptId, close } = await setup();
  await store.put({ attemptId, mediaType: "text/plain", bytes: bytesOf("a checkpoint that nothing refers to") });
  await db.prisma.$executeRaw`
    update attempt set state = 'cancelled', ended_at = now() where id = ${attemptId}::uuid`;
  expect(await store.collectGarbage(60_000)).toBe(0);
  expect(await store.collectGarbage(0)).toBe(1);
  await close();
});

test("what a team imported stays, and so does what is put again", async () => {
  const { db, store, close } = await setup();
  const { sha256 } = await store.put({ mediaType: "text/plain", bytes: bytesOf("weights") });
  await db.prisma.artifactImport.create({ data: { sha256, teamId: (await db.prisma.team.findFirstOrThrow()).id } });
  const again = await store.put({ mediaType: "text/plain", bytes: bytesOf("again") });
  await db.prisma.$executeRaw`update artifact set created_at = now() - interval '2 days'`;
  await store.put({ mediaType: "text/plain", bytes: bytesOf("again") });
  expect(await store.collectGarbage(86_400_000)).toBe(0);
  expect([await store.has(sha256), await store.has(again.sha256)]).toEqual([true, true]);
  await close();
});
