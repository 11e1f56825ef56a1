import { sql } from "@reluctant/db";
import type { Stack } from "@reluctant/local";
import pg from "pg";
import { between, processorOf } from "./processor.ts";

/** What Postgres did, by its own counts, of every process together; and whose processor time it took. */
export interface Load {
  statements: number;
  commits: number;
  fsyncs: number;
  /** Times that Postgres planned a statement: one that is prepared it plans a few times in each session. */
  plans: number;
  /** The time that Postgres took over each statement, waits for locks among it, longest first. */
  byStatement: { name: string; ms: number }[];
  /** Processor time of each part of the stack, and of the bench itself. */
  byPart: { name: string; ms: number }[];
}
type Counts = Omit<Load, "byStatement" | "byPart">;

/** Has Postgres count statements from now on. */
export async function recordLoad(stack: Stack): Promise<void> {
  await ask(stack, "alter system set shared_preload_libraries = 'pg_stat_statements'");
  await ask(stack, "alter system set pg_stat_statements.track_planning = on");
  await stack.part("postgres").stop();
  await stack.part("postgres").start();
  await ask(stack, "create extension if not exists pg_stat_statements");
}

/** What `work` made Postgres do, by its counts, and every part. */
export async function loadOf(stack: Stack, work: () => Promise<unknown>): Promise<Load> {
  await ask(stack, "select pg_stat_statements_reset()");
  const before = await counted(stack);
  const processorBefore = processorOf(stack);
  await work();
  const byPart = between(processorBefore, processorOf(stack)).map(([name, ms]) => ({ name, ms }));
  const after = await counted(stack);
  return {
    statements: after.statements - before.statements,
    commits: after.commits - before.commits,
    fsyncs: after.fsyncs - before.fsyncs,
    plans: after.plans - before.plans,
    byStatement: await byStatement(stack),
    byPart,
  };
}

/** By our names; what models and others ask is together. */
async function byStatement(stack: Stack): Promise<Load["byStatement"]> {
  const rows = await ask(stack, "select query, total_exec_time + total_plan_time as ms from pg_stat_statements");
  const names = new Map(Object.values(sql).map(({ name, text }) => [withoutConstants(text), name]));
  const total = new Map<string, number>();
  for (const { query, ms } of rows) {
    const name = names.get(withoutConstants(String(query))) ?? "other statements";
    total.set(name, (total.get(name) ?? 0) + Number(ms));
  }
  return [...total].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
}

/** A statement as Postgres counts it, which puts a number for a constant and one for a list of them: here both are `?`. */
const withoutConstants = (text: string): string =>
  text
    .replaceAll(/--.*$|\/\*.*?\*\//gm, "")
    .replaceAll(/\bextract\(\w+/g, "extract(?")
    .replaceAll(/'(?:[^']|'')*'|\$\d+|\b\d+(?:\.\d+)?\b|\b(?:null|true|false)\b/gi, "?")
    .replaceAll(/[\s;]+/g, "")
    .replaceAll(/\?(?:,\?)+/g, "?");

async function counted(stack: Stack): Promise<Counts> {
  const [row] = await ask(
    stack,
    `select (select sum(calls) from pg_stat_statements) as statements,
      (select sum(plans) from pg_stat_statements) as plans,
      (select sum(xact_commit) from pg_stat_database where datname = current_database()) as commits,
      (select sum(fsyncs) from pg_stat_io where object = 'wal') as fsyncs`,
  );
  const { statements, commits, fsyncs, plans } = row ?? {};
  return { statements: Number(statements), commits: Number(commits), fsyncs: Number(fsyncs), plans: Number(plans) };
}

async function ask({ databaseUrl }: Stack, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  return client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}
