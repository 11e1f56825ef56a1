import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { startPostgres } from "./postgres.ts";

async function setup() {
  const dir = await mkdtemp(join(tmpdir(), "postgres-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(sql).finally(() => client.end());
  return rows;
}

test("Postgres keeps its data over a stop, a kill and a stale postmaster.pid, at the same address", async () => {
  const dir = await setup();
  const postgres = await startPostgres({ dir, ephemeral: true });
  onTestFinished(() => postgres.stop());
  await query(postgres.url, "create table kept (id int); insert into kept values (1)");
  await postgres.restart();
  await postgres.kill("SIGKILL");
  await writeFile(join(dir, "data/postmaster.pid"), `${process.pid}\n`);
  await postgres.start();
  expect(await query(postgres.url, "select id from kept")).toEqual([{ id: 1 }]);
});

test("Postgres wants its password, which only its owner can read", async () => {
  const dir = await setup();
  const postgres = await startPostgres({ dir, ephemeral: true });
  onTestFinished(() => postgres.stop());
  const wrong = Object.assign(new URL(postgres.url), { password: "wrong" }).href;
  await expect(query(wrong, "select 1")).rejects.toThrow("password authentication failed");
  expect((await stat(join(dir, "password"))).mode & 0o777).toBe(0o600);
});
