import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findDrift } from "../../../scripts/drift.mjs";

const prisma = join(import.meta.dirname, "../../../prisma");
const project = {
  databaseUrl: process.env.TEST_DATABASE_URL as string,
  schemaFile: join(prisma, "schema.prisma"),
  viewsFolder: join(prisma, "views"),
  migrationsFolder: join(prisma, "migrations"),
};

test("the migrations produce the schema and its views", async () => {
  expect(await findDrift(project)).toBe("");
});

test("a model without a migration is drift", async () => {
  const dir = await mkdtemp(join(tmpdir(), "drift-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const schemaFile = join(dir, "schema.prisma");
  await writeFile(schemaFile, `${await readFile(project.schemaFile, "utf8")}\nmodel Forgotten {\n  id Int @id\n}\n`);
  expect(await findDrift({ ...project, schemaFile })).toMatch(/create table "forgotten"/i);
});

test("so is a view that was added, changed or deleted", async () => {
  const viewsFolder = await mkdtemp(join(tmpdir(), "drift-"));
  onTestFinished(() => rm(viewsFolder, { recursive: true }));
  await cp(project.viewsFolder, viewsFolder, { recursive: true });
  await rm(join(viewsFolder, "serving_worker.sql"));
  await writeFile(join(viewsFolder, "attempt_detail.sql"), "create view attempt_detail as select id from attempt;");
  await writeFile(join(viewsFolder, "added.sql"), "create view added as select * from needed;");
  await writeFile(join(viewsFolder, "needed.sql"), "create view needed as select 1 as one;");
  expect((await findDrift({ ...project, viewsFolder })).match(/(create|drop) view \w+/g)).toEqual([
    "drop view serving_worker",
    "create view attempt_detail",
    "create view needed",
    "create view added",
  ]);
});
