import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stageKinds } from "@reluctant/contracts";
import { createTestDatabase, type TestDatabase } from "@reluctant/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "./database.ts";
import { WrongRowCount } from "./errors.ts";
import { arrayOf, bigint, bytes, int, json, nullable, timestamp, uuid } from "./postgres-types.ts";
import { type Fields, numbered, type Statement } from "./statement.ts";
import * as sql from "./statements/index.ts";

let database: TestDatabase;
let client: pg.Client;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  db = openDatabase(database.url, { poolSize: 1 });
});
afterAll(async () => {
  await client.end();
  await db.close();
  await database.drop();
});

const all = Object.entries(sql) as [name: string, statement: Statement<Fields, Fields | null>][];

test("each file of prisma/sql is one statement, under the file's name in camel case", () => {
  const files = readdirSync(join(import.meta.dirname, "../../../prisma/sql")).map((file) => file.replace(/\.sql$/, ""));
  expect(all.map(([, { name }]) => name).sort()).toEqual(files.sort());
  const camelCase = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  expect(all.map(([name]) => name)).toEqual(all.map(([, { name }]) => camelCase(name)));
});

test.each(all)(
  "%s takes and gives what its declaration says",
  async (statement, { text, parameters, takes, gives }) => {
    const found = await describe(text);
    const declared = (fields: Fields) => Object.entries(fields).map(([name, type]) => `${name} ${type.name}`);
    expect(parameters.map((name, place) => `${name} ${found.parameters[place]}`).sort()).toEqual(
      declared(takes).sort(),
    );
    expect(found.columns.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(declared(gives ?? {}).sort());
    const mayBeNull = found.columns.filter((column) => column.mayBeNull).map(({ name }) => name);
    expect(mayBeNull.filter((name) => !gives?.[name]?.nullable)).toEqual(setByItself[statement] ?? []);
  },
);

/** Columns of a table that allows null where the statement itself has just written them, or asks for a state that has them. */
const setByItself: Record<string, string[]> = {
  claimAttempts: ["startStep"],
  measurementsOfPoints: ["result", "finishedAt"],
};

interface Described {
  parameters: string[];
  /**
   * `mayBeNull`: it is a column of a table that allows null. Of an expression nothing is known, and Prisma's lists, which it
   * never leaves null, are not declared so.
   */
  columns: { name: string; type: string; mayBeNull: boolean }[];
}

/** What Postgres finds in a statement without running it: the types of its parameters, its columns and their types. */
async function describe(text: string): Promise<Described> {
  const found = { parameters: [] as number[], columns: [] as pg.FieldDef[] };
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  const onParameters = ({ dataTypeIDs }: { dataTypeIDs: number[] }) => (found.parameters = dataTypeIDs);
  connection.on("parameterDescription", onParameters);
  await new Promise<void>((resolve, reject) => {
    client.query({
      submit(wire: pg.Connection) {
        wire.parse({ name: "", text, types: [] }, true);
        wire.describe({ type: "S", name: "" }, true);
        wire.sync();
      },
      handleRowDescription: ({ fields }: { fields: pg.FieldDef[] }) => (found.columns = fields),
      handleReadyForQuery: () => resolve(),
      handleError: reject,
    } as pg.Submittable);
  }).finally(() => connection.off("parameterDescription", onParameters));
  const parameters = await client.query(
    "select format_type(oid, null) as type from unnest($1::oid[]) with ordinality as p(oid, place) order by place",
    [found.parameters],
  );
  const columns = await client.query(
    `select c.name, format_type(c.type, null) as type, coalesce(r.relkind = 'r' and not a.attnotnull and a.attndims = 0, false) as "mayBeNull"
     from jsonb_to_recordset($1::jsonb) as c(name text, type oid, relation oid, "column" int)
     left join pg_class r on r.oid = c.relation
     left join pg_attribute a on a.attrelid = c.relation and a.attnum = c.column`,
    [
      JSON.stringify(
        found.columns.map(({ name, dataTypeID: type, tableID: relation, columnID: column }) => ({
          name,
          type,
          relation,
          column,
        })),
      ),
    ],
  );
  return { parameters: parameters.rows.map(({ type }) => type), columns: columns.rows };
}

test("statements put stages in the contract's order", async () => {
  const { rows } = await client.query("select kind from unnest($1::text[]) as kind order by stage_kind_rank(kind)", [
    [...stageKinds].reverse(),
  ]);
  expect(rows.map(({ kind }) => kind)).toEqual(stageKinds);
});

test("names become numbers, each one, and a colon that begins none stays", () => {
  const text = `-- :not in a comment\nselect ':nor' as ":here", x[1:2], :a::int + :b, :a -- nor :there`;
  expect(numbered(text)).toEqual({
    text: `-- :not in a comment\nselect ':nor' as ":here", x[1:2], $1::int + $2, $1 -- nor :there`,
    parameters: ["a", "b"],
  });
});

const series = {
  name: "series",
  ...numbered("select n from generate_series(1, :upTo::int) n"),
  takes: { upTo: int },
  gives: { n: int },
};

test("another number of rows than asked for is an error that names the statement", async () => {
  expect(await db.one(series, { upTo: 1 })).toEqual({ n: 1 });
  expect(await db.maybe(series, { upTo: 1 })).toEqual({ n: 1 });
  expect(await db.maybe(series, { upTo: 0 })).toBeNull();
  expect(await db.many(series, { upTo: 2 })).toEqual([{ n: 1 }, { n: 2 }]);
  for (const asked of [db.one(series, { upTo: 0 }), db.one(series, { upTo: 2 }), db.maybe(series, { upTo: 2 })]) {
    await expect(asked).rejects.toThrow(WrongRowCount);
  }
  await expect(db.one(series, { upTo: 2 })).rejects.toThrow("statement series must answer one row, and answered 2");
});

test("values of every type arrive as what they were", async () => {
  const types = {
    at: timestamp,
    big: bigint,
    bytes,
    id: uuid,
    json: json<{ quote: string }[]>(),
    list: arrayOf(bigint),
    none: nullable(json()),
  };
  const values = {
    at: new Date("2026-02-28T23:59:59.123Z"),
    big: 2n ** 62n,
    bytes: new Uint8Array([0, 39, 255]),
    id: "00000000-0000-4000-8000-000000000000",
    json: [{ quote: `'":a::b` }],
    list: [1n, 2n ** 62n],
    none: null,
  };
  const echo = {
    name: "echo",
    ...numbered(
      Object.entries(types).reduce(
        (text, [name, type]) => `${text}${text ? "," : "select"} :${name}::${type.name} as "${name}"`,
        "",
      ),
    ),
    takes: types,
    gives: types,
  };
  const answered = await db.tx((t) => t.one(echo, values));
  expect({ ...answered, bytes: new Uint8Array(answered.bytes) }).toEqual(values);
});
