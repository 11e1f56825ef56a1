import type { Stack } from "@reluctant/local";
import pg from "pg";

/** What Postgres did: by its own counts, of every process together. */
export interface Load {
  statements: number;
  commits: number;
  fsyncs: number;
}

/** Has Postgres count statements from now on. */
export async function recordLoad(stack: Stack): Promise<void> {
  await ask(stack, "alter system set shared_preload_libraries = 'pg_stat_statements'");
  await stack.part("postgres").stop();
  await stack.part("postgres").start();
  await ask(stack, "create extension if not exists pg_stat_statements");
}

/** Postgres' counts of what `work` made it do. */
export async function loadOf(stack: Stack, work: () => Promise<unknown>): Promise<Load> {
  await ask(stack, "select pg_stat_statements_reset()");
  const before = await counted(stack);
  await work();
  const after = await counted(stack);
  return {
    statements: after.statements - before.statements,
    commits: after.commits - before.commits,
    fsyncs: after.fsyncs - before.fsyncs,
  };
}

/** The statements that took longest together, for a person to read: `PROFILE=1`. */
export async function profile(stack: Stack): Promise<void> {
  if (!process.env.PROFILE) return;
  const rows = await ask(
    stack,
    `select calls::int, mean_exec_time as mean, total_exec_time as total, total_plan_time as plan, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) as query
     from pg_stat_statements where query not like '%pg_stat%' order by total_exec_time + total_plan_time desc limit 45`,
  );
  for (const { calls, mean, total, plan, query } of rows)
    console.error(
      `${String(calls).padStart(7)} ${Number(mean).toFixed(3).padStart(8)} ${Number(total).toFixed(0).padStart(7)} ${Number(plan).toFixed(0).padStart(7)}  ${query}`,
    );
}

async function counted(stack: Stack): Promise<Load> {
  const [row] = await ask(
    stack,
    `select (select sum(calls) from pg_stat_statements) as statements,
      (select sum(xact_commit) from pg_stat_database where datname = current_database()) as commits,
      (select sum(fsyncs) from pg_stat_io where object = 'wal') as fsyncs`,
  );
  return { statements: Number(row?.statements), commits: Number(row?.commits), fsyncs: Number(row?.fsyncs) };
}

async function ask({ databaseUrl }: Stack, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  return client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}
