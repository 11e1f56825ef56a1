import { completeAttempt, dispatch, registerDataset } from "@reluctant/control";
import { type Kit, setup } from "@reluctant/testkit";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataset, registrationOf, specOf, trained, weightsOf } from "../no-op.ts";
import { holds, type Measure } from "./row.ts";
import { type Ask, faultsOf, faultsOfStream } from "./verifier.ts";

let kit: Kit;
let client: Client;
const ask: Ask = async <Row extends object>(text: string, values: unknown[] = []) =>
  (await client.query<Row>(text, values)).rows;

/** Two stage runs, done as they should be. */
beforeAll(async () => {
  kit = await setup();
  client = new Client({ connectionString: kit.databaseUrl });
  await client.connect();
  await registerDataset(kit.deps, dataset);
  const workerId = await kit.worker(registrationOf("w", dataset.version));
  await kit.submit({ ...specOf([1, 2]), budgets: undefined });
  for (const { attemptId } of await dispatch(kit.deps)) {
    const { epoch, assignment } = await kit.claim(attemptId, workerId);
    const artifacts = [await weightsOf(kit.deps, attemptId, assignment.seed)];
    await completeAttempt(kit.deps, { attemptId, epoch, result: trained, artifacts });
  }
});
afterAll(async () => {
  await client.end();
  await kit.close();
});

test("of a store in which all was done once there are no faults", async () => {
  expect(await faultsOf(ask)).toEqual([]);
});

const one = "(select id from stage_run order by seed limit 1)";
test.each([
  [
    "an experiment never ends",
    "update experiment set state = 'active', finished_at = null",
    "1 experiments that are not finished",
  ],
  [
    "a stage run never ends",
    `update stage_run set state = 'ready', result = null, finished_at = null where id = ${one}`,
    "1 stage runs without a result",
  ],
  [
    "a result has no attempt",
    `update attempt set state = 'lost' where stage_run_id = ${one}`,
    "1 stage runs that did not succeed once",
  ],
  [
    "a stage run is done twice",
    `insert into attempt (stage_run_id, number, team_id, state, worker_id, epoch, started_at, ended_at, engine, start_step, lease_expires_at)
     select stage_run_id, 2, team_id, state, worker_id, 2, started_at, ended_at, engine, start_step, lease_expires_at
     from attempt where stage_run_id = ${one}`,
    "1 stage runs that did not succeed once",
  ],
  [
    "a point is missing",
    `delete from frontier_point where stage_run_id = ${one}`,
    "1 stage runs without their one point",
  ],
  [
    "two run at once",
    `insert into attempt (stage_run_id, number, team_id, queued_at) select stage_run_id, 2, team_id, queued_at from attempt where stage_run_id = ${one}`,
    "1 attempts that were born before",
  ],
  [
    "an attempt is left",
    `insert into attempt (stage_run_id, number, team_id) select stage_run_id, 2, team_id from attempt where stage_run_id = ${one}`,
    "1 attempts that never ended",
  ],
  [
    "bits differ",
    "update stage_run_artifact set sha256 = (select max(sha256) from stage_run_artifact)",
    "1 artifacts with other bytes",
  ],
  [
    "an event is missing",
    "delete from event where id = (select max(id) from event where data ->> 'state' = 'running')",
    "1 attempts whose events do not tell their life",
  ],
])("finds out that %s", async (_, damage, fault) => {
  await ask("begin");
  try {
    await ask(damage);
    expect((await faultsOf(ask)).join("\n")).toContain(fault);
  } finally {
    await ask("rollback");
  }
});

test.each([
  ["misses one", (all: string[]) => all.toSpliced(2, 1)],
  ["has one twice", (all: string[]) => all.toSpliced(2, 0, all[2] as string)],
  ["ends too early", (all: string[]) => all.slice(0, -1)],
])("finds out that a reader of events %s", async (_, read) => {
  const all = (
    await ask<{ cursor: string }>("select xid::text || '.' || id as cursor from event order by xid, id")
  ).map(({ cursor }) => cursor);
  expect(await faultsOfStream(ask, all)).toEqual([]);
  expect(await faultsOfStream(ask, read(all))).toHaveLength(1);
});

test.each<[Partial<Measure>, boolean]>([
  [{ value: 20, atMost: 20 }, true],
  [{ value: 20.1, atMost: 20 }, false],
  [{ value: 0, atLeast: 1 }, false],
  [{ value: Number.NaN, atMost: 20 }, false],
  [{ value: Number.NEGATIVE_INFINITY, atMost: 20 }, false], // the most of nothing
])("a gate %o holds: %s", (measure, expected) => {
  expect(holds({ what: "it", unit: "s", value: 0, ...measure })).toBe(expected);
});
