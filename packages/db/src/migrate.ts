/**
 * Deploys the migrations of `prisma/migrations` without Prisma's schema engine, whose download many networks refuse.
 * It keeps Prisma's own record (`_prisma_migrations`) and takes Prisma's own lock, so `prisma migrate deploy` elsewhere agrees.
 */
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import pg from "pg";
import { isRetryable } from "./errors.ts";

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly checksum: string;
}

/** The number that Prisma's migrate commands lock; whoever deploys at the same time waits for us, and we for them. */
const prismaLock = 72_707_369;

const createMigrationsTable = `
  create table if not exists _prisma_migrations (
    id                  varchar(36) primary key not null,
    checksum            varchar(64) not null,
    finished_at         timestamptz,
    migration_name      varchar(255) not null,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

/**
 * Applies what the database lacks, in the order of the folders' names, each in a transaction of its own.
 * Give it a direct URL: the lock belongs to the session, which a transaction-mode pooler would not keep.
 * @param folder the folder that holds one folder with a `migration.sql` per migration
 * @returns the names that were applied now; none when the database was up to date
 * @throws Error when an applied migration was changed or is unknown here, or when one fails; that one leaves no trace
 */
export async function deployMigrations(databaseUrl: string, folder: string): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [prismaLock]);
    await client.query(createMigrationsTable);
    const pending = pendingMigrations(migrations, await readAppliedMigrations(client));
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    await client.end(); // and with the session goes the lock
  }
}

interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function readAppliedMigrations(client: pg.Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(`
    select migration_name as name, checksum, finished_at is not null as finished
    from _prisma_migrations where rolled_back_at is null order by migration_name`);
  return rows;
}

/** Those not applied yet; refuses a database that tells another story than the folder. */
function pendingMigrations(migrations: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum, finished } of applied) {
    const migration = known.get(name);
    if (!finished)
      throw new ReluctantError(
        "conflict",
        `Migration ${name} failed earlier: repair it, then \`prisma migrate resolve\`.`,
      );
    if (!migration)
      throw new ReluctantError(
        "conflict",
        `The database has migration ${name}, which this version lacks: use a newer version.`,
      );
    if (migration.checksum !== checksum) {
      throw new ReluctantError(
        "conflict",
        `Migration ${name} was changed after it was applied: restore its file and add a new migration.`,
      );
    }
  }
  const names = new Set(applied.map(({ name }) => name));
  return migrations.filter(({ name }) => !names.has(name));
}

/** Workers go on meanwhile, and lock the same tables in an order of their own. */
const attempts = 5;

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await applyOnce(client, migration);
    } catch (error) {
      if (attempt === attempts || !isRetryable((error as Error).cause)) throw error;
    }
  }
}

async function applyOnce(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined); // the connection may be what failed
    throw new Error(`Migration ${name} failed${lineOf(error, sql)}: ${(error as Error).message}`, { cause: error });
  }
}

function lineOf(error: unknown, sql: string): string {
  const position = Number((error as pg.DatabaseError).position);
  return position > 0 ? ` at line ${sql.slice(0, position).split("\n").length}` : "";
}
