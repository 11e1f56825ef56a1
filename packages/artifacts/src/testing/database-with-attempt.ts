import { randomUUID } from "node:crypto";
import { openDatabase } from "@reluctant/db";
import pg from "pg";

/** A database of its own, cloned from the migrated template, with one running attempt in it. */
export async function databaseWithAttempt() {
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
  return { db, attemptId: await insertAttempt(db), close };
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
