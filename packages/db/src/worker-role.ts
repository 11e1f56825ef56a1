import { randomBytes } from "node:crypto";
import { ReluctantError } from "@reluctant/contracts";
import pg from "pg";

/**
 * What a worker's commands do to each table. No other table is granted: not tokens, sessions and login links, not teams and specs, not
 * who did what. Of an experiment and of who needs what a worker may change only how they end.
 */
const grants = {
  _prisma_migrations: ["select"], // of which version it is
  allocation: ["insert"],
  artifact: ["select", "insert", "update", "delete"], // an upload whose bytes are there already is dropped; what is in use is kept by keys
  artifact_chunk: ["select", "insert", "update (artifact_id)", "delete"],
  artifact_hold: ["select", "insert", "delete"],
  attempt: ["select", "update"],
  checkpoint: ["select", "insert", "update", "delete"],
  dataset: ["select", "insert"],
  dataset_card: ["select", "insert", "update"],
  dataset_further_name: ["select", "insert"],
  dataset_part: ["select"],
  dataset_version: ["select", "insert"],
  event: ["insert"],
  experiment: ["select", "update (state, reason, finished_at)"],
  frontier_point: ["select", "insert"],
  leader: ["select (name, answering_since, answered_at, last_round_at)", "update (answering_since, answered_at)"], // that Postgres answered
  log_chunk: ["insert"],
  mask: ["insert"],
  metric_block: ["select", "insert", "update", "delete"],
  model: ["select"],
  need: ["select", "update (released_at)"],
  sensitivity: ["insert"],
  serving_worker: ["select"],
  stage_run: ["select", "update"],
  stage_run_artifact: ["select", "insert"],
  stage_run_input: ["select"],
  trial: ["select"],
  usage: ["insert"],
  worker: ["select", "insert", "update"],
};

/** One by one; `column` is empty where a right is of the whole table. */
export const rightsOfWorkers: readonly { table: string; right: string; column: string }[] = Object.entries(
  grants,
).flatMap(([table, rights]) =>
  rights.flatMap((written) => {
    const [, right = written, columns = ""] = /^(\w+) \((.*)\)$/.exec(written) ?? [];
    return columns.split(", ").map((column) => ({ table, right, column }));
  }),
);

/** A role of Postgres that workers connect as. `url` is null where it was there before: its password stays. */
export interface WorkerRole {
  name: string;
  url: string | null;
}

/**
 * Makes the role where it is missing, and gives it what workers of this version need and nothing else. To be run again after each
 * upgrade of the database, whose new tables it does not know.
 * @param databaseUrl of the database's owner, or of another who may make roles
 * @throws ReluctantError where the name is none for a role, or is that of one who may do more, and where Postgres refuses
 */
export async function makeWorkerRole(databaseUrl: string, { name }: { name: string }): Promise<WorkerRole> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name))
    throw new ReluctantError(
      "invalid-request",
      `a role is called by small letters, digits and _, not ${JSON.stringify(name)}`,
    );
  const client = new pg.Client({ connectionString: databaseUrl });
  try {
    await client.connect();
    await client.query("begin");
    const password = (await isThere(client, name)) ? null : randomBytes(24).toString("hex");
    if (password) await client.query(`create role "${name}" login password '${password}'`);
    await grant(client, name);
    await client.query("commit");
    return { name, url: password && Object.assign(new URL(databaseUrl), { username: name, password }).href };
  } catch (error) {
    if (error instanceof ReluctantError) throw error;
    const { message, code } = error as Error & { code?: string };
    throw new ReluctantError("unavailable", `DATABASE_URL: ${message || code}`, [], { cause: error });
  } finally {
    await client.end();
  }
}

/** @throws ReluctantError for a role whose rights are not ours to set */
async function isThere(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ mighty: boolean }>(
    `select rolsuper or rolcreaterole or rolbypassrls or exists (select from pg_class where relowner = r.oid) as mighty
     from pg_roles r where rolname = $1`,
    [name],
  );
  if (rows[0]?.mighty)
    throw new ReluctantError("conflict", `the role ${name} is there, and may do more than a worker: give another name`);
  return rows.length > 0;
}

async function grant(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query<{ database: string }>("select quote_ident(current_database()) as database");
  await client.query(`grant connect on database ${rows[0]?.database} to "${name}"`);
  await client.query(`grant usage on schema public to "${name}"`);
  await client.query(`revoke all on all tables in schema public from "${name}"`);
  await client.query(`revoke all on all sequences in schema public from "${name}"`);
  for (const [table, rights] of Object.entries(grants))
    await client.query(`grant ${rights.join(", ")} on "${table}" to "${name}"`);
  const filled = Object.entries(grants).flatMap(([table, rights]) => (rights.includes("insert") ? [table] : []));
  const sequences = await client.query<{ sequence: string }>(
    `select pg_get_serial_sequence(quote_ident(table_name), column_name) as sequence
     from information_schema.columns where table_schema = 'public' and table_name = any ($1) and column_default like 'nextval(%'`,
    [filled],
  );
  for (const { sequence } of sequences.rows) await client.query(`grant usage on sequence ${sequence} to "${name}"`);
}
