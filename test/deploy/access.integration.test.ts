/** scripts/migrate.mjs and scripts/access.mjs, which bring up and open an installation that `npm start` does not. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { authenticate, exchangeLoginLink } from "@reluctant/control";
import { type Database, openDatabase } from "@reluctant/db";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const name = `deploy_${randomUUID().replaceAll("-", "")}`;
const url = Object.assign(new URL(process.env.TEST_DATABASE_URL as string), { pathname: name }).href;
let admin: pg.Client;
let db: Database;
beforeAll(async () => {
  admin = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL as string });
  await admin.connect();
  await admin.query(`create database ${name}`);
  db = openDatabase(url, { poolSize: 1 });
});
afterAll(async () => {
  await db.close();
  await admin.query(`drop database ${name}`);
  await admin.end();
});

const run = (args: string[], databaseUrl: string | undefined = url) =>
  promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout: stdout.trim(), stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr: stderr.trim() }),
  );
const access = join("scripts", "access.mjs");
const migrate = join("scripts", "migrate.mjs");

test("an empty database is brought to this version, once; then people and programs are let in", async () => {
  expect((await run([migrate])).stdout).toMatch(/^applied \d+_state_model\n/);
  const [again, token, link] = await Promise.all([
    run([migrate]),
    run([access, "token", "lab", "prometheus", "viewer"]),
    run([access, "link", "lab", "ana", "admin"]),
  ]);
  expect(again).toMatchObject({ code: 0, stdout: "the database is up to date" });
  const program = await authenticate({ db }, { bearer: token.stdout });
  expect(program).toMatchObject({ team: "lab", name: "prometheus", role: "viewer" });
  const { session } = await exchangeLoginLink({ db } as Parameters<typeof exchangeLoginLink>[0], {
    link: link.stdout.replace("/#login=", ""),
  });
  expect(await authenticate({ db }, { session })).toMatchObject({ team: "lab", name: "ana", role: "admin" });
});

test("what is wrong is said in a line, without a stack", async () => {
  const outcomes = await Promise.all([
    run([access, "token", "lab"]),
    run([access, "token", "lab", "ana", "king"]),
    run([migrate], ""),
    run([migrate], "postgresql://127.0.0.1:1/none"),
  ]);
  expect(outcomes.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual([
    expect.stringMatching(/^2 usage: .*$/),
    expect.stringMatching(/^1 no token was made: the token is refused: role .*$/),
    expect.stringMatching(/^2 DATABASE_URL is not set: .*$/),
    expect.stringMatching(/^1 the database was not migrated: .*$/),
  ]);
});
