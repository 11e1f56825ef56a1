/**
 * The views and functions of `prisma/views`, which Prisma's schema cannot say. Each file creates or replaces the one that it
 * is named after; migrations bring them to databases, as they do tables.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deployMigrations } from "@reluctant/db";
import pg from "pg";

/**
 * What the migrations lack to produce the views, as SQL; empty when they agree. Both are built in a database of their own on
 * the server of `databaseUrl`, whose user must be allowed to create databases.
 * @param {{ databaseUrl: string, migrationsFolder: string, viewsFolder: string }} project
 * @returns {Promise<string>}
 */
export async function findViewDrift({ databaseUrl, migrationsFolder, viewsFolder }) {
  const database = `reluctant_views_${randomUUID().replaceAll("-", "")}`;
  return withClient(databaseUrl, async (server) => {
    await server.query(`create database ${database} template template0`);
    try {
      const url = Object.assign(new URL(databaseUrl), { pathname: database }).href;
      await deployMigrations(url, migrationsFolder);
      return await withClient(url, (client) => drift(client, viewsFolder));
    } finally {
      await server.query(`drop database ${database} with (force)`);
    }
  });
}

async function drift(client, folder) {
  const migrated = await definitions(client);
  for (const [name, { kind }] of migrated) await client.query(`drop ${kind} if exists ${name} cascade`);
  const files = await createAll(client, folder);
  const wanted = await definitions(client);
  const changed = files.filter(({ name }) => migrated.get(name)?.text !== wanted.get(name)?.text);
  const gone = [...migrated].filter(([name]) => !wanted.has(name));
  return [...gone.map(([name, { kind }]) => `drop ${kind} ${name};\n`), ...changed.map(({ text }) => text)].join("\n");
}

/** By name, as Postgres tells them. */
async function definitions(client) {
  const { rows } = await client.query(`
    select relname as name, 'view' as kind, concat(reloptions, pg_get_viewdef(oid)) as text
    from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace
    union all
    select proname, 'function', pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace`);
  return new Map(rows.map(({ name, ...definition }) => [name, definition]));
}

const needsAnother = new Set(["42P01", "42883"]); // undefined_table, undefined_function

/** Creates what the files say, one that uses another after it; answers the files in this order. */
async function createAll(client, folder) {
  const created = [];
  let left = readdirSync(folder).map((file) => ({
    name: file.replace(/\.sql$/, ""),
    text: readFileSync(join(folder, file), "utf8"),
  }));
  while (left.length > 0) {
    const waiting = [];
    for (const file of left) {
      try {
        await client.query(file.text);
        created.push(file);
      } catch (error) {
        if (!needsAnother.has(error.code)) throw new Error(`${file.name}.sql: ${error.message}`, { cause: error });
        waiting.push({ ...file, error });
      }
    }
    if (waiting.length === left.length) throw new Error(`${waiting[0].name}.sql: ${waiting[0].error.message}`);
    left = waiting;
  }
  return created;
}

async function withClient(url, use) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
