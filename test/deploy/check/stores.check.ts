/** A small experiment through what stands before or around Postgres and Redis in real installations. */
import { join } from "node:path";
import { deployMigrations } from "@reluctant/db";
import { ensureDatabase, startPostgres, startRedis } from "@reluctant/local";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { type Cluster, startCluster, until } from "../../cluster.ts";
import { skipFor } from "../../skip-for.ts";
import { root } from "../files.ts";
import { debianProgram, type Program, whyNot } from "./debian-programs.ts";
import { whyMissing } from "./programs.ts";
import { encryptPostgres, encryptRedis, follow, makeCertificates, startPgBouncer, startSentinel } from "./servers.ts";
import { tidyUp } from "./tidy-up.ts";

const own = tidyUp("stores");

const startOwnPostgres = async () => {
  const dir = join(own.folder, "postgres");
  return { dir, postgres: own.stopLater(await startPostgres({ dir, ephemeral: true })) };
};
const startOwnRedis = async (name: string) =>
  own.stopLater(await startRedis({ dir: join(own.folder, name), ephemeral: true }));

/** It ends with its frontier, each stage run committed once. */
async function ends(cluster: Cluster, id: string): Promise<void> {
  expect(await cluster.ended(id)).toMatchObject({ state: "finished", progress: { total: 4, succeeded: 4 } });
  const { rows } = await cluster.pool.query(
    "select stage_run_id from attempt where state = 'succeeded' group by 1 having count(*) <> 1",
  );
  expect(rows).toEqual([]);
  expect(await cluster.sql("select 1 from frontier_point")).not.toEqual([]);
}

const pgbouncer = await debianProgram("pgbouncer");

test("PgBouncer in transaction mode stands before Postgres", skipFor(whyNot(pgbouncer)), async () => {
  const { postgres } = await startOwnPostgres();
  const direct = await ensureDatabase(postgres.url, "reluctant");
  await deployMigrations(direct, join(root, "prisma/migrations"));
  const pooler = own.stopLater(await startPgBouncer(pgbouncer as Program, own.folder, direct));
  const cluster = own.stopLater(await startCluster({ databaseUrl: pooler.url, workers: 2 }));
  await ends(cluster, await cluster.submit({}));

  const client = new pg.Client({ connectionString: direct });
  await client.connect();
  const { rows } = await client.query(
    "select count(*)::int as sessions from pg_stat_activity where datname = 'reluctant' and pid <> pg_backend_pid()",
  );
  await client.end();
  expect(rows[0].sessions).toBeGreaterThan(0);
  expect(rows[0].sessions).toBeLessThanOrEqual(5); // for the 20 and more connections of five processes
});

describe("TLS", skipFor(whyMissing({ openssl: "openssl" })), () => {
  test("Postgres and Redis answer nobody without, and each process checks their certificates", async () => {
    const certificates = await makeCertificates(own.folder);
    const { postgres, dir } = await startOwnPostgres();
    const plain = await ensureDatabase(postgres.url, "reluctant");
    const databaseUrl = (await encryptPostgres(postgres, dir, certificates)).replace("/postgres?", "/reluctant?");
    const redisUrl = await encryptRedis(await startOwnRedis("redis"), certificates);
    await until("plain connections are refused", 10, async () => {
      const client = new pg.Client({ connectionString: plain });
      return client.connect().then(
        () => client.end(),
        (error: Error) => /no encryption/.test(error.message) || undefined,
      );
    });
    const trusting = { NODE_EXTRA_CA_CERTS: certificates.authority };
    const cluster = own.stopLater(await startCluster({ databaseUrl, redisUrl, env: trusting }));
    await ends(cluster, await cluster.submit({}));
    expect(
      await cluster.sql(
        "select s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where a.datname = 'reluctant' group by 1",
      ),
    ).toEqual([{ ssl: true }]);
  });
});

test("Sentinel names another master when Redis' dies, and work goes on", async () => {
  const master = await startOwnRedis("master");
  const replica = await startOwnRedis("replica");
  await follow(replica, master);
  const sentinel = own.stopLater(await startSentinel(own.folder, master));
  const cluster = own.stopLater(await startCluster({ redisUrl: sentinel.url }));
  const first = await cluster.submit({});
  await cluster.moment("a job is taken", "select 1 from attempt where state = 'running'");
  await master.kill("SIGKILL");
  await ends(cluster, first);
  await until("the replica leads", 30, async () => (await replica.ask("ROLE")) === "*3" || undefined);
  await ends(cluster, await cluster.submit({ seeds: [2] }));
  expect(await replica.ask("DBSIZE")).not.toBe(":0");
});
