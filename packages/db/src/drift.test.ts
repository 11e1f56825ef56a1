import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findDrift } from "../../../scripts/schema-engine.mjs";

const prisma = join(import.meta.dirname, "../../../prisma");
const project = {
  databaseUrl: process.env.TEST_DATABASE_URL as string,
  schemaFile: join(prisma, "schema.prisma"),
  migrationsFolder: join(prisma, "migrations"),
};

test("the migrations produce the schema", async () => {
  expect(await findDrift(project)).toBe("");
});

test("a model without a migration is drift", async () => {
  const dir = await mkdtemp(join(tmpdir(), "drift-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const schemaFile = join(dir, "schema.prisma");
  await writeFile(schemaFile, `${await readFile(project.schemaFile, "utf8")}\nmodel Forgotten {\n  id Int @id\n}\n`);
  expect(await findDrift({ ...project, schemaFile })).toMatch(/create table "forgotten"/i);
});
