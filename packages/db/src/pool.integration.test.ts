import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { createTestDatabase, type TestDatabase } from "@reluctant/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "./database.ts";
import { text } from "./postgres-types.ts";
import { adHoc, numbered } from "./statement.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A way to Postgres that introduces itself as another process than the one that answers, as every pooler does. */
async function likeAPooler(url: string) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const { hostname, port } = new URL(url);
    const postgres = createConnection({ host: hostname, port: Number(port) });
    for (const socket of [client, postgres])
      sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    client.pipe(postgres);
    postgres.on("data", (bytes: Buffer) => {
      const introduction = bytes.indexOf(Buffer.from([0x4b, 0, 0, 0, 12])); // BackendKeyData: the process, then a secret
      if (introduction >= 0) bytes.writeInt32BE(1, introduction + 5);
      client.write(bytes);
    });
    postgres.on("end", () => client.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(url), { hostname: "127.0.0.1", port: String(port) }).href,
    close: () => new Promise((closed) => void server.close(closed)),
  };
}

const echo = { name: "echo", ...numbered("select :said as said"), takes: { said: text }, gives: { said: text } };
const kept = adHoc("select name from pg_prepared_statements where name = 'echo'");
const limits = adHoc(`select current_setting('statement_timeout') as "statement",
  current_setting('idle_in_transaction_session_timeout') as idle`);
const limited = [{ statement: "15s", idle: "12s" }];

async function keptAfterAQuery(db: Database) {
  expect(await db.one(echo, { said: "a" })).toEqual({ said: "a" });
  expect(await db.tx((t) => t.many(limits, {}))).toEqual(limited);
  return db.many(kept, {});
}

test("Postgres keeps a statement prepared where the session is ours", async () => {
  const db = openDatabase(database.url, { poolSize: 1 });
  expect(await keptAfterAQuery(db)).toEqual([{ name: "echo" }]);
  expect(await db.many(limits, {})).toEqual(limited);
  await db.close();
});

test("behind a pooler no statement is prepared, and each transaction sets its own limits", async () => {
  const pooler = await likeAPooler(database.url);
  const db = openDatabase(pooler.url, { poolSize: 1 });
  expect(await keptAfterAQuery(db)).toEqual([]);
  expect(await db.many(limits, {})).toEqual([{ statement: "15s", idle: "0" }]);
  await db.close();
  await pooler.close();
});

test("statements begun together run in their order, and none after one that fails leaves a trace", async () => {
  const db = openDatabase(database.url, { poolSize: 1 });
  const add = adHoc("insert into team (name) values (:name)");
  const count = async () => Number((await db.many(adHoc("select count(*) from team"), {}))[0]?.count);
  await db.tx((t) => Promise.all(["a", "b"].map((name) => t.many(add, { name }))));
  expect(await count()).toBe(2);
  const refused = db.tx((t) => Promise.all(["c", "a", "d"].map((name) => t.many(add, { name }))));
  await expect(refused).rejects.toMatchObject({ code: "23505" });
  expect(await count()).toBe(2);
  await db.close();
});

test("what is sent is committed with the rest, and what fails of it fails the transaction by its own cause", async () => {
  const db = openDatabase(database.url, { poolSize: 1 });
  const add = adHoc("insert into team (name) values (:name)");
  const names = async () =>
    (await db.many(adHoc("select name from team where name like 's%' order by name"), {})).map(({ name }) => name);
  await db.tx(async (t) => void t.send(add, { name: "s1" }));
  expect(await names()).toEqual(["s1"]);
  const unawaited = db.tx(async (t) => {
    t.send(add, { name: "s2" });
    t.send(add, { name: "s1" });
    t.send(add, { name: "s3" });
  });
  await expect(unawaited).rejects.toMatchObject({ code: "23505" });
  const goneOn = db.tx(async (t) => {
    await t.send(add, { name: "s1" });
    await t.many(add, { name: "s4" }); // of which Postgres says only that the transaction is aborted
  });
  await expect(goneOn).rejects.toMatchObject({ code: "23505" });
  expect(await names()).toEqual(["s1"]);
  await db.close();
});

test("of statements that travel together the one that failed is told, however late whoever began it hears of it", async () => {
  const db = openDatabase(database.url, { poolSize: 1 });
  const add = adHoc("insert into team (name) values (:name)");
  await db.many(add, { name: "once" });
  const together = db.tx((t) => {
    const failing = Promise.all([Promise.all([t.many(add, { name: "once" })])]);
    return Promise.all([failing, t.many(adHoc("select 1"), {})]);
  });
  await expect(together).rejects.toMatchObject({ code: "23505" });
  await db.close();
});

test("a transaction that is over takes no more statements", async () => {
  const db = openDatabase(database.url, { poolSize: 1 });
  const late = await db.tx(async (t) => () => t.many(adHoc("select 1"), {}));
  await expect(late()).rejects.toThrow("the transaction is over");
  await db.close();
});
