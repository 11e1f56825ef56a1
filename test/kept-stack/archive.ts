import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants } from "node:zlib";
import { deployMigrations } from "@reluctant/db";
import pg from "pg";
import { copyIn, copyOut } from "./copy.ts";

/**
 * A database in a folder: `TABLE.copy` is what COPY gives as text, `.copy.br` the same compressed, `sequences.json` where
 * its sequences stand.
 */
const compressed = new Set(["artifact_chunk"]);
const sequencesFile = "sequences.json";
const migrationsTable = "_prisma_migrations";

/** What would tell of the machine, or cannot be in another database. */
const replaced: Record<string, Record<string, string>> = {
  worker: { hostname: "'localhost'" },
  leader: { holder: "'a coordinator that is gone'" },
  outbox: { claimed_by: "case when claimed_by is not null then 'a coordinator that is gone' end" },
  // Of a younger server these transactions would lie in the future, and nobody would see their events.
  event: { xid: "2 + dense_rank() over (order by xid)" },
};

/** Writes every table of a database to a folder. */
export async function writeArchive(databaseUrl: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await withClient(databaseUrl, async (client) => {
    for (const [table, columns] of await tablesOf(client)) {
      const selected = columns.map((column) => `${replaced[table]?.[column] ?? `"${column}"`} as "${column}"`);
      const rows = await copyOut(client, `select ${selected.join(", ")} from "${table}" order by 1, 2`);
      if (compressed.has(table)) await writeFile(join(folder, `${table}.copy.br`), await compress(rows));
      else await writeFile(join(folder, `${table}.copy`), rows);
    }
    const { rows } = await client.query(
      "select sequencename as name, last_value as value from pg_sequences order by 1",
    );
    await writeFile(join(folder, sequencesFile), `${JSON.stringify(rows, null, 2)}\n`);
  });
}

/** Fills an empty database with the schema that an archive's rows were written under, and with those rows. */
export async function restoreArchive(databaseUrl: string, folder: string, migrations: string): Promise<void> {
  const names = await readdir(folder);
  const tables = new Map(
    names.flatMap((name) => {
      const [, table] = /^(\w+)\.copy(\.br)?$/.exec(name) ?? [];
      return table ? [[table, join(folder, name)] as const] : [];
    }),
  );
  await deployRecorded(databaseUrl, migrations, await read(tables.get(migrationsTable) as string));
  await withClient(databaseUrl, async (client) => {
    await client.query("set session_replication_role = replica"); // rows refer to rows of tables that are not there yet
    await client.query(`truncate ${migrationsTable}`);
    for (const [table, file] of tables) await copyIn(client, table, await read(file));
    const sequences = JSON.parse(await readFile(join(folder, sequencesFile), "utf8"));
    for (const { name, value } of sequences) await client.query("select setval($1, $2)", [name, value ?? 1]);
  });
}

/** Applies only the migrations that the archive's own record names. */
async function deployRecorded(databaseUrl: string, migrations: string, rows: Buffer): Promise<void> {
  const [head = "", ...lines] = rows.toString().trimEnd().split("\n");
  const at = head.split("\t").indexOf("migration_name");
  const then = await mkdtemp(join(tmpdir(), "reluctant-migrations-"));
  try {
    for (const line of lines) {
      const name = line.split("\t")[at] as string;
      await cp(join(migrations, name), join(then, name), { recursive: true });
    }
    await deployMigrations(databaseUrl, then);
  } finally {
    await rm(then, { recursive: true });
  }
}

async function tablesOf(client: pg.Client): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(`
    select c.table_name::text as "table", array_agg(c.column_name::text order by c.ordinal_position) as columns
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' group by 1 order by 1`);
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

async function withClient<T>(databaseUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** A window over everything: weights that did not move between two artifacts are stored once. */
const compress = (rows: Buffer): Promise<Buffer> =>
  promisify(brotliCompress)(rows, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LARGE_WINDOW]: 1,
      [constants.BROTLI_PARAM_LGWIN]: 28,
      [constants.BROTLI_PARAM_SIZE_HINT]: rows.length,
    },
  });

async function read(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  if (!file.endsWith(".br")) return bytes;
  return promisify(brotliDecompress)(bytes, { params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 } });
}
