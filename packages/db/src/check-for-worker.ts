/** What a worker needs of a database, asked before it starts: so that who starts it hears what is wrong, and what to do. */
import { readdir } from "node:fs/promises";
import { ReluctantError } from "@reluctant/contracts";
import pg from "pg";
import { rightsOfWorkers } from "./worker-role.ts";

/** As long as a worker waits for a connection. */
const answersWithinMs = 5_000;

/**
 * @param migrations the folder of the migrations that this version knows
 * @returns how far this machine's clock is ahead of Postgres', in milliseconds
 * @throws ReluctantError that names DATABASE_URL where Postgres cannot be reached or refuses, where the database is of another
 * version, and where the role may not do what workers do
 */
export async function checkForWorker(databaseUrl: string, migrations: string): Promise<{ clockAheadMs: number }> {
  const { client, place } = clientOf(databaseUrl);
  try {
    await client.connect();
    await requireVersion(client, migrations);
    await requireRights(client);
    return { clockAheadMs: await clockAhead(client) };
  } catch (error) {
    if (error instanceof ReluctantError) throw error;
    const { message, code } = error as Error & { code?: string };
    const why =
      error instanceof pg.DatabaseError
        ? `refuses: ${message}`
        : `does not answer (${code ?? message}): is it up, and open to this machine?`;
    throw new ReluctantError("unavailable", `DATABASE_URL: Postgres at ${place} ${why}`, [], { cause: error });
  } finally {
    await client.end().catch(() => {}); // it may never have been there
  }
}

function clientOf(connectionString: string): { client: pg.Client; place: string } {
  if (!URL.canParse(connectionString))
    throw new ReluctantError("invalid-request", "DATABASE_URL must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: answersWithinMs });
  client.on("error", () => {}); // told by the query that it ends
  return { client, place: `${client.host}:${client.port}` };
}

async function requireVersion(client: pg.Client, folder: string): Promise<void> {
  const applied = await client
    .query<{ name: string }>("select migration_name as name from _prisma_migrations where finished_at is not null")
    .catch((error: unknown) => {
      const { code } = error as pg.DatabaseError;
      if (code === "42P01") throw conflict(`the database ${client.database} holds no installation: migrate it first`);
      if (code === "42501") throw conflict(again(client));
      throw error;
    });
  const there = new Set(applied.rows.map(({ name }) => name));
  const entries = await readdir(folder, { withFileTypes: true });
  const known = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const unknown = [...there].filter((name) => !known.has(name)).sort();
  const latest = [...known].sort().at(-1) ?? "nothing";
  if (unknown.length > 0)
    throw conflict(
      `the installation is newer, it has ${unknown.at(-1)} where this checkout ends with ${latest}: bring the checkout to its version`,
    );
  const missing = [...known].filter((name) => !there.has(name)).sort();
  if (missing.length > 0)
    throw conflict(
      `the installation is older, it ends with ${[...there].sort().at(-1)} and lacks ${latest} of this checkout: upgrade it, or take a checkout of its version`,
    );
}

async function requireRights(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ missing: string }>(
    `select string_agg("right" || ' on ' || "table", ', ') as missing
     from unnest($1::text[], $2::text[], $3::text[]) as needed("table", "right", "column")
     where not case when "column" = '' then has_table_privilege("table", "right")
                    else has_column_privilege("table", "column", "right") end`,
    ["table", "right", "column"].map((part) => rightsOfWorkers.map((needed) => needed[part as "table"])),
  );
  const missing = rows[0]?.missing;
  if (missing) throw conflict(`${again(client)} (it lacks ${missing})`);
}

/** Half the way there and back is taken off. */
async function clockAhead(client: pg.Client): Promise<number> {
  const asked = Date.now();
  const { rows } = await client.query<{ ms: number }>(
    "select extract(epoch from clock_timestamp())::float8 * 1000 as ms",
  );
  return (asked + Date.now()) / 2 - (rows[0]?.ms ?? 0);
}

const again = ({ user }: pg.Client) =>
  `the role ${user} may not do what workers of this version do: run \`npx reluctant admin worker-role --name ${user}\` as the database's owner`;

const conflict = (message: string) => new ReluctantError("conflict", `DATABASE_URL: ${message}`);
