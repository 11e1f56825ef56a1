import { randomUUID } from "node:crypto";
import { openDatabase } from "@reluctant/db";
import pg from "pg";
import { expect, test } from "vitest";
import { artifactStoreConformance } from "./conformance.ts";
import { postgresArtifacts } from "./postgres.ts";

/** A database of its own, cloned from the migrated template, with one running attempt in it. */
async function setup() {
  const adminUrl = process.env.TEST_DATABASE_URL as string;
  const name = `artifacts_${randomUUID().replaceAll("-", "")}`;
  const asAdmin = async (sql: string) => {
    const admin = new pg.Client({ connectionString: adminUrl });
    await admin.connect();
    await admin.query(sql).finally(() => admin.end());
  };
  await asAdmin(`create database ${name} template reluctant_template`);
  const db = openDatabase(Object.assign(new URL(adminUrl), { pathname: name }).href);
  const close = async () => {
    await db.close();
    await asAdmin(`drop database ${name} with (force)`);
  };
  return { db, store: postgresArtifacts(db), attemptId: await insertAttempt(db), close };
}

async function insertAttempt({ prisma }: ReturnType<typeof openDatabase>): Promise<string> {
  const team = await prisma.team.create({ data: { name: "lab" } });
  const dataset = await prisma.dataset.create({ data: { name: "glyphs" } });
  const hash = "0".repeat(64);
  const counts = { trainCount: 1, validationCount: 1, testCount: 1 };
  await prisma.datasetVersion.create({
    data: { sha256: hash, datasetId: dataset.id, classes: ["a", "b"], inputShape: [1, 1, 1], ...counts },
  });
  const work = { kind: "train", implementation: "train/sgd", version: 1, params: {}, precision: "fp32", seed: 1 };
  const stageRun = await prisma.stageRun.create({
    data: { ...work, stageKey: hash, datasetVersion: hash, pool: "default", state: "active" },
  });
  const attempt = await prisma.attempt.create({ data: { stageRunId: stageRun.id, number: 1, teamId: team.id } });
  return attempt.id;
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
