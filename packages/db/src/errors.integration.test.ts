import { createTestDatabase, type TestDatabase } from "@reluctant/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Database, openDatabase } from "./database.ts";
import { isDataError, isPoolFull, isTimedOut, isUnavailable } from "./errors.ts";
import { adHoc } from "./statement.ts";

let database: TestDatabase;
let db: Database;
/** Holds what a test locks, beside the pool. */
let other: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, { poolSize: 1, statementTimeoutMs: 300, connectionTimeoutMs: 1_500 });
  other = new pg.Client({ connectionString: database.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await db.close();
  await database.drop();
});

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "it succeeded",
    (error: unknown) => error,
  );

test.each<[what: string, query: () => Promise<unknown>]>([
  ["NUL in a statement", () => db.many(adHoc("select :text::text"), { text: "a\0b" })],
  ["no UUID in a statement", () => db.many(adHoc("select :id::uuid"), { id: "none" })],
  ["NUL in a text", () => db.prisma.$queryRaw`select ${"a\0b"}::text`],
  ["NUL in a text of a model", () => db.prisma.team.findFirst({ where: { name: "a\0b" } })],
  ["NUL in JSON", () => db.prisma.$queryRaw`select ${'{"a":"\\u0000"}'}::jsonb`],
  ["30 February", () => db.prisma.$queryRaw`select ${"2026-02-30T00:00:00.000Z"}::timestamptz`],
  ["a number beyond int32", () => db.prisma.$queryRaw`select ${"2147483648"}::text::int`],
  ["half of a surrogate pair", () => db.prisma.$queryRaw`select ${'"\\ud800"'}::jsonb`],
  ["no UUID", () => db.prisma.$queryRaw`select ${"none"}::uuid`],
])("%s is an error of the data, not of Postgres", async (_, query) => {
  const error = await failure(query());
  expect(isDataError(error), String(error)).toBe(true);
  expect(isUnavailable(error)).toBe(false);
});

test("a full pool is told from a Postgres that is not there", async () => {
  let release = () => {};
  const begun = new Promise<void>((began) => {
    const held = new Promise<void>((resolve) => (release = resolve));
    void db.tx(() => {
      began();
      return held;
    });
  });
  await begun;
  const waiting = [db.prisma.$queryRaw`select 1`, db.many(adHoc("select 1"), {}), db.tx(async () => {})].map(failure);
  for (const error of await Promise.all(waiting)) {
    expect([isPoolFull(error), isUnavailable(error)], String(error)).toEqual([true, true]);
  }
  release();
  const nowhere = openDatabase("postgresql://127.0.0.1:1/none");
  const error = await failure(nowhere.prisma.$queryRaw`select 1`);
  expect([isPoolFull(error), isTimedOut(error), isUnavailable(error)]).toEqual([false, false, true]);
  await nowhere.close();
});

test("a transaction that asks for nothing loses its session and its locks, and Postgres counts as out of reach", async () => {
  const frozen = openDatabase(database.url, { poolSize: 1, idleInTransactionTimeoutMs: 100 });
  const error = await failure(
    frozen.tx(async (t) => {
      await t.many(adHoc("lock table team"), {});
      await other.query("select from team"); // waits until the lock is given back
      await t.many(adHoc("select 1"), {});
    }),
  );
  expect(isUnavailable(error), String(error)).toBe(true);
  expect(await frozen.prisma.team.count()).toBe(0); // the next has another session
  await frozen.close();
});

test.each<[what: string, query: () => Promise<unknown>]>([
  ["in a transaction", () => db.tx((t) => t.many(adHoc("select from team"), {}))],
  ["outside of one", () => db.many(adHoc("select from team"), {})],
  ["of a model", () => db.prisma.team.findMany()],
])("Postgres itself ends a statement that waits for a lock, %s", async (_, query) => {
  await other.query("begin; lock table team");
  const error = await failure(query());
  expect([isTimedOut(error), isPoolFull(error), isUnavailable(error)], String(error)).toEqual([true, false, true]);
  // Its session tells that it is idle a moment after the error has gone out, and a transaction sees what it saw first.
  await vi.waitFor(async () => {
    await other.query("select pg_stat_clear_snapshot()");
    const { rows } = await other.query(
      "select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active'",
    );
    expect(rows).toEqual([]);
  }, 10_000);
  await other.query("rollback");
});
