import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Event, eventSchema } from "@reluctant/contracts";
import { adHoc, sql } from "@reluctant/db";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { commit } from "./commit.ts";
import { type Caller, dispatch, readEvents } from "./index.ts";
import { stopUnneeded } from "./stop-unneeded.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

const readAll = (after?: string) =>
  readEvents(kit.deps, { identity, limit: 1_000, ...(after === undefined ? {} : { after }) });

/** Reads until that many are there: transactions of other tests' databases hold back what is shown, since xids are shared. */
const readAtLeast = (count: number, after?: string) =>
  vi.waitUntil(async () => {
    const page = await readAll(after);
    return page.events.length >= count && page;
  }, 10_000);

test("an experiment's story is told in order, in the shape of the contract, and to its team only", async () => {
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined });
  await kit.drain(await kit.worker());
  const { events } = await readAtLeast(8);
  expect(events.map((event) => eventSchema.parse(event).type)).toEqual([
    "experiment.submitted",
    "stage-run.changed",
    "attempt.changed",
    "attempt.changed",
    "attempt.changed",
    "stage-run.changed",
    "frontier.point",
    "experiment.changed",
  ]);
  expect(new Set(events.map((event) => event.experimentId))).toEqual(new Set([experimentId]));
  const stranger = await kit.caller("studio");
  expect((await readEvents(kit.deps, { identity: stranger, limit: 10 })).events).toEqual([]);
});

test("while a transaction is open nothing behind it is shown, so a cursor misses no event that commits late", async () => {
  const before = (await readAll()).cursor;
  let mayCommit = () => {};
  const open = new Promise<void>((resolve) => {
    mayCommit = resolve;
  });
  let written = () => {};
  const hasWritten = new Promise<void>((resolve) => {
    written = resolve;
  });
  const slow = kit.db.tx(async (t) => {
    const late = adHoc(`insert into event (team_id, type, data)
      values (:teamId::uuid, 'experiment.changed', '{"state": "paused", "reason": "slow"}')`);
    await t.many(late, { teamId: identity.teamId });
    written();
    await open;
  });
  await hasWritten;
  await kit.submit({ until: "train", budgets: undefined }); // begins later, commits earlier
  const meanwhile = await readAll(before);
  expect(meanwhile.events).toEqual([]);
  mayCommit();
  await slow;
  const { events } = await readAtLeast(2, meanwhile.cursor);
  expect(events.map(({ type }) => type)).toEqual(["experiment.changed", "experiment.submitted"]);
});

test("what others did to stage runs after a command had begun that then stopped them is told before it", async () => {
  const [unborn, queued] = [1, 2];
  const [workerId] = [await kit.worker({ name: "one" }), await kit.worker({ name: "another" })];
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined, seeds: [unborn, queued] });
  const before = (await readAtLeast(1)).cursor;
  const runs = await kit.db.prisma.stageRun.findMany({ orderBy: { seed: "asc" } });
  const held = runs.find(({ seed }) => seed === unborn)?.id as string;
  await kit.db.prisma.$executeRaw`update stage_run set retry_at = now() + interval '1 hour' where id = ${held}::uuid`;
  const [first] = await dispatch(kit.deps);
  await commit(kit.deps, async (t) => {
    const waitedFor = await t.many(sql.releaseNeedsOfExperiment, { experimentId }); // writes, and so has its number
    await kit.claim(first?.attemptId as string, workerId);
    await kit.db.prisma.$executeRaw`update stage_run set retry_at = null where id = ${held}::uuid`;
    expect(await dispatch(kit.deps)).toMatchObject([{ stageRunId: held }]);
    await stopUnneeded(
      t,
      waitedFor.map(({ id }) => id),
      { how: "now", reason: "cancelled" },
    );
  });
  const { events } = await readAtLeast(8, before);
  const statesOf = (seed: number, type: Event["type"]) => {
    const { id } = runs.find((run) => run.seed === seed) as { id: string };
    return events.flatMap((event) =>
      event.stageRunId === id && event.type === type ? (event.data as { state: string }).state : [],
    );
  };
  expect(statesOf(queued, "attempt.changed")).toEqual(["queued", "running", "stopping"]);
  expect(statesOf(unborn, "attempt.changed")).toEqual(["queued", "cancelled"]);
  expect(statesOf(unborn, "stage-run.changed")).toEqual(["active", "cancelled"]);
});

test("pages join without gap or repetition while many write", async () => {
  const writers = Promise.all(
    [1, 2, 3, 4].map((seed) => kit.submit({ seeds: [seed], until: "train", budgets: undefined })),
  );
  const seen: string[] = [];
  for (let cursor = "0.0"; seen.length < 4; ) {
    const page = await readEvents(kit.deps, { identity, after: cursor, limit: 2 });
    seen.push(...page.events.map((event) => event.cursor));
    cursor = page.cursor;
  }
  await writers;
  expect(seen).toEqual((await readAll()).events.map((event) => event.cursor));
});

test("events that were restored into another server are read again once the statement of operations.md has run", async () => {
  await kit.submit({ until: "train", budgets: undefined });
  await kit.drain(await kit.worker());
  const before = (await readAtLeast(8)).events;
  await kit.db.prisma.$executeRaw`update event set xid = (xid::text::bigint + 1000000000)::text::xid8`;
  expect((await readAll()).events).toEqual([]);

  const manual = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
  const [statement = ""] = /^update event set .*;$/m.exec(manual) ?? [];
  await kit.db.prisma.$executeRawUnsafe(statement);
  const { events, cursor } = await readAtLeast(8);
  const story = (told: typeof events) => told.map(({ cursor: _, ...event }) => event);
  expect(story(events)).toEqual(story(before));
  await kit.submit({ until: "train", seeds: [2], budgets: undefined });
  expect((await readAtLeast(1, cursor)).events.map(({ type }) => type)).toEqual(["experiment.submitted"]);
});

test("what is no cursor is refused", async () => {
  await expect(readAll("1; drop table event")).rejects.toMatchObject({
    code: "invalid-request",
    errors: [{ field: "after" }],
  });
});

test("the events of an experiment that is unknown, or another team's, are not found", async () => {
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined });
  await readAtLeast(1);
  const read = (caller: Caller, id: string) =>
    readEvents(kit.deps, { identity: caller, experimentId: id, after: "0.0", limit: 10 });
  await expect(read(identity, randomUUID())).rejects.toMatchObject({ code: "not-found" });
  await expect(read(await kit.caller("rival"), experimentId)).rejects.toMatchObject({ code: "not-found" });
  expect((await read(identity, experimentId)).events.length).toBeGreaterThan(0);
  const { cursor } = await readAll();
  const later = await readEvents(kit.deps, { identity, experimentId, after: cursor, limit: 10 });
  expect(later).toEqual({ events: [], cursor });
});
