/**
 * Prisma's schema engine as WebAssembly, driven through adapter-pg: it compares schemas without the engine binary, whose
 * download many networks refuse.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import pg from "pg";

/**
 * What the migrations lack to produce the schema, as SQL; empty when they agree. Both are built in shadow databases on
 * the server of `databaseUrl`, whose user must be allowed to create databases; the database itself is left alone.
 * @param {import("./drift.mjs").Project} project
 * @returns {Promise<string>}
 */
export async function findSchemaDrift(project) {
  const { schema, migrations } = read(project);
  return withEngine(project, async (engine) => {
    const from = { tag: "migrations", ...migrations };
    const to = { tag: "schemaDatamodel", ...schema };
    const { exitCode, stdout } = await engine.diff({ from, to, script: true, exitCode: true, filters });
    return exitCode === 0 ? "" : (stdout ?? "");
  });
}

export const lockName = "migration_lock.toml";
const filters = { externalTables: [], externalEnums: [] };

/** The schema and the migrations in the form that the engine takes. */
function read({ schemaFile, migrationsFolder }) {
  const schema = { files: [{ path: schemaFile, content: readFileSync(schemaFile, "utf8") }] };
  const entries = readdirSync(migrationsFolder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const lock =
    entries.some((entry) => entry.name === lockName) && readFileSync(join(migrationsFolder, lockName), "utf8");
  const migrations = {
    baseDir: migrationsFolder,
    shadowDbInitScript: "",
    lockfile: { path: lockName, content: lock || null },
    migrationDirectories: names
      .sort()
      .map((path) => ({ path, migrationFile: migrationFile(join(migrationsFolder, path)) })),
  };
  return { schema, migrations };
}

function migrationFile(folder) {
  return { path: "migration.sql", content: { tag: "ok", value: readFileSync(join(folder, "migration.sql"), "utf8") } };
}

async function withEngine(project, use) {
  const { SchemaEngine } = await loadEngine();
  const adapter = bindMigrationAwareSqlAdapterFactory(new ShadowingFactory(connectionOf(project.databaseUrl)));
  const datamodels = read(project).schema.files.map(({ path, content }) => [path, content]);
  const engine = await SchemaEngine.new({ datamodels }, () => undefined, adapter);
  try {
    return await use(engine);
  } finally {
    engine.free();
  }
}

/** The glue keeps one WebAssembly instance for the whole process. */
let loading;

function loadEngine() {
  loading ??= instantiateEngine();
  return loading;
}

async function instantiateEngine() {
  // Where the engine leaves the reason of a panic, before it traps.
  globalThis.PRISMA_WASM_PANIC_REGISTRY ??= { set_message: (reason) => console.error(reason) };
  const folder = dirname(createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm"));
  const glue = await import(join(folder, "schema_engine_bg.js"));
  const wasm = readFileSync(join(folder, "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(wasm, { "./schema_engine_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue;
}

/** Fields, never a connection string: adapter-pg lets the string win, and the shadow database would be the real one. */
function connectionOf(databaseUrl) {
  const { hostname, port, username, password, pathname, searchParams } = new URL(databaseUrl);
  return {
    host: searchParams.get("host") ?? hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    max: 2,
  };
}

/** PostgreSQL's number for the one-byte type "char", which its catalogs use. */
const charType = 18;
const textType = 25;

/** adapter-pg 7.10 refuses "char" columns: read as text, then presented as what the engine expects. */
function readingChars(adapter) {
  const charColumns = new WeakMap();
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    const isChar = result.fields.map((field) => field.dataTypeID === charType);
    for (const field of result.fields) if (field.dataTypeID === charType) field.dataTypeID = textType;
    charColumns.set(result.rows, isChar);
    return result;
  };
  adapter.queryRaw = async (query) => {
    const { columnNames, columnTypes, rows } = await queryRaw(query);
    const isChar = charColumns.get(rows);
    return {
      columnNames,
      columnTypes: columnTypes.map((type, i) => (isChar[i] ? ColumnTypeEnum.Character : type)),
      rows,
    };
  };
  return adapter;
}

/** Makes each shadow database from template0, so that what template1 happens to hold is not taken for drift. */
class ShadowingFactory extends PrismaPg {
  #connection;

  constructor(connection) {
    super(connection);
    this.#connection = connection;
  }

  async connect() {
    return readingChars(await super.connect());
  }

  async connectToShadowDb() {
    const database = `reluctant_shadow_${randomUUID().replaceAll("-", "")}`;
    const admin = new pg.Client(this.#connection);
    await admin.connect();
    await admin.query(`create database ${database} template template0`);
    const adapter = readingChars(await new PrismaPg({ ...this.#connection, database }).connect());
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await admin.query(`drop database if exists ${database} with (force)`);
      await admin.end();
    };
    return adapter;
  }
}
