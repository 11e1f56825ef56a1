import { execFile } from "node:child_process";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type PostgresServer, startPostgres } from "@reluctant/local";
import type { Client } from "@reluctant/sdk";
import pg from "pg";
import { until } from "../../cluster.ts";
import { type Platform, seedsFrom, withPlatform } from "../platform.ts";
import { type Relay, startRelay } from "../relay.ts";
import { type Context, noFaults, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

export const standby: Row = {
  name: "standby",
  what: "the primary killed for good and its synchronous standby promoted, while stage runs complete",
  takes: { seconds: 79, least: 30 },
  run: async (context: Context) => {
    const relays: Relay[] = [];
    const way = async ({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string }) => {
      const relay = await startRelay(databaseUrl);
      relays.push(relay);
      return { databaseUrl: relay.url, redisUrl };
    };
    try {
      return await withPlatform({ workers: 8, workMs: "20-100", way }, async (platform) => {
        const { stack, clients, submit } = platform;
        const second = await followSynchronously(platform);
        const url = Object.assign(new URL(second.url), { pathname: new URL(stack.databaseUrl).pathname }).href;
        const pool = new pg.Pool({ connectionString: url });
        pool.on("error", () => {});
        try {
          const count = scaled(context, 3_000, 200);
          await submit(seedsFrom(1, count));
          const acknowledged = new Set<string>();
          const closing = new AbortController();
          const reading = listen(clients[0] as Client, acknowledged, closing.signal);
          reading.catch(() => {}); // told where it is awaited
          await until("half is done", 300, async () => acknowledged.size * 2 >= count || undefined);
          await stack.part("postgres").kill("SIGKILL"); // and stays dead: fenced
          const killed = performance.now();
          await pool.query("select pg_promote()");
          for (const relay of relays) relay.turnTo(url);
          closing.abort();
          await reading;
          const told = [...acknowledged];
          const ask = async <R extends object>(text: string, values: unknown[] = []) =>
            (await pool.query<R>(text, values)).rows;
          const there = await ask("select id from stage_run where state = 'succeeded' and id = any ($1::uuid[])", [
            told,
          ]);
          const back = await until("more is done", 60, async () => {
            const [row] = await ask<{ done: number }>(
              "select count(*)::int as done from stage_run where state = 'succeeded'",
            );
            return (row?.done ?? 0) > told.length + 20 ? elapsed(killed) : undefined;
          });
          const active = "select 1 from experiment where state = 'active'";
          await until("all is done", 300, async () => (await ask(active)).length === 0 || undefined);
          return [
            noFaults(await faultsOf(ask)),
            { what: "acknowledged results that are not there", value: told.length - there.length, unit: "", atMost: 0 },
            { what: "acknowledged before", value: told.length, unit: "", atLeast: count / 2 },
            { what: "from the kill until work went on", value: back, unit: "s", atMost: 60 },
          ];
        } finally {
          await pool.end();
          await second.stop();
        }
      });
    } finally {
      for (const relay of relays) relay.close();
    }
  },
};

/** A copy of the primary, made while that stands still, which then follows it: no commit is acknowledged that it does not have. */
async function followSynchronously({ dir, stack, sql }: Platform): Promise<PostgresServer> {
  const primary = stack.part("postgres");
  const home = join(dir, "standby");
  await primary.stop();
  await promisify(execFile)("cp", ["-a", join(dir, "postgres"), home]); // with its owner
  await primary.start();
  const { username, password, port } = new URL(stack.databaseUrl);
  const way = `host=127.0.0.1 port=${port} user=${username} password=${password} application_name=standby`;
  await writeFile(join(home, "data/standby.signal"), "");
  await appendFile(join(home, "data/postgresql.auto.conf"), `primary_conninfo = '${way}'\n`);
  const standby = await startPostgres({ dir: home, ephemeral: false });
  await until("the standby follows", 60, async () => (await sql("select 1 from pg_stat_replication"))[0]);
  await sql("alter system set synchronous_standby_names = 'standby'");
  await sql("select pg_reload_conf()");
  await until(
    "it is waited for",
    60,
    async () => (await sql("select 1 from pg_stat_replication where sync_state = 'sync'"))[0],
  );
  return standby;
}

/** The results that a client was told of. */
async function listen(client: Client, told: Set<string>, signal: AbortSignal): Promise<void> {
  for await (const event of client.events({ signal }))
    if (event.type === "stage-run.changed" && event.data.state === "succeeded" && event.stageRunId)
      told.add(event.stageRunId);
}
