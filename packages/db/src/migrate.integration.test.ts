import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { deployMigrations } from "./migrate.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An empty database and an empty folder of migrations. */
async function setup() {
  const admin = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  await admin.connect();
  const name = `migrate_${randomUUID().replaceAll("-", "")}`;
  await admin.query(`create database ${name}`);
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  cleanUps.push(
    () => admin.end(),
    () => admin.query(`drop database ${name} with (force)`),
    () => rm(folder, { recursive: true }),
  );
  const url = Object.assign(new URL(process.env.TEST_DATABASE_URL as string), { pathname: name }).href;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  cleanUps.push(() => client.end());
  const write = async (migration: string, sql: string) => {
    await mkdir(join(folder, migration), { recursive: true });
    await writeFile(join(folder, migration, "migration.sql"), sql);
  };
  const tables = async () => {
    const { rows } = await client.query("select tablename from pg_tables where schemaname = 'public' order by 1");
    return rows.map((row) => row.tablename);
  };
  return { folder, url, client, write, tables, deploy: () => deployMigrations(url, folder) };
}

test("migrations are applied once, in the order of their names", async () => {
  const { write, deploy, tables } = await setup();
  await write("2_child", "create table child (id int references parent);");
  await write("1_parent", "create table parent (id int primary key);");
  expect(await deploy()).toEqual(["1_parent", "2_child"]);
  expect(await deploy()).toEqual([]);
  expect(await tables()).toEqual(["_prisma_migrations", "child", "parent"]);
});

test("two deploys at the same time apply each migration once", async () => {
  const { write, deploy } = await setup();
  await write("1_slow", "create table slow (id int); select pg_sleep(0.1);");
  const applied = await Promise.all([deploy(), deploy()]);
  expect(applied.flat()).toEqual(["1_slow"]);
});

test("a failed migration leaves no trace, and its line is named", async () => {
  const { write, deploy, tables } = await setup();
  await write("1_bad", "create table half (id int);\ncreate table half (id int, nonsense whatever);");
  await expect(deploy()).rejects.toThrow(/1_bad failed at line 2/);
  expect(await tables()).toEqual(["_prisma_migrations"]);
  await write("1_bad", "create table whole (id int);");
  expect(await deploy()).toEqual(["1_bad"]);
});

test("a migration that was changed after it was applied is refused", async () => {
  const { write, deploy } = await setup();
  await write("1_a", "create table a (id int);");
  await deploy();
  await write("1_a", "create table a (id bigint);");
  await expect(deploy()).rejects.toThrow("1_a was changed after it was applied");
});

test("a database newer than this version is refused", async () => {
  const { write, deploy, folder } = await setup();
  await write("1_a", "select 1;");
  await deploy();
  await rm(join(folder, "1_a"), { recursive: true });
  await expect(deploy()).rejects.toThrow("which this version lacks");
});

test("a migration that Prisma marked as failed stops the deploy", async () => {
  const { write, deploy, client } = await setup();
  await write("1_a", "select 1;");
  await deploy();
  await client.query("update _prisma_migrations set finished_at = null");
  await expect(deploy()).rejects.toThrow("1_a failed earlier");
});
