import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dispatch, electLeader, readDemand, recordRound, secondsSinceRound } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

const onlyTrain = { until: "train", budgets: undefined } as const;

test("a pool's demand is what is ready, queued and running, beside the slots of its living workers", async () => {
  expect(await readDemand(kit.deps)).toEqual([]);
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3, 4, 5, 6] });
  await kit.submit({ ...onlyTrain, seeds: [7], pool: "other" });
  const other = { pool: "other", ready: 1, queued: 0, running: 0, slots: 0 };
  expect(await readDemand(kit.deps)).toEqual([{ pool: "default", ready: 6, queued: 0, running: 0, slots: 0 }, other]);

  const workerId = await kit.worker();
  const [first] = await dispatch(kit.deps); // the one slot's, and two more that lie in the queue
  expect((await readDemand(kit.deps))[0]).toEqual({ pool: "default", ready: 3, queued: 3, running: 0, slots: 1 });
  await kit.claim(first?.attemptId as string, workerId);
  expect((await readDemand(kit.deps))[0]).toEqual({ pool: "default", ready: 3, queued: 2, running: 1, slots: 1 });

  await kit.pass(3_600); // the worker is silent since
  expect((await readDemand(kit.deps))[0]).toEqual({ pool: "default", ready: 3, queued: 2, running: 1, slots: 0 });
});

test("a stage run that waits to be tried again wants no slot until then", async () => {
  await kit.submit(onlyTrain);
  await kit.db.prisma.stageRun.updateMany({ data: { retryAt: new Date(Date.now() + 60_000) } });
  expect(await readDemand(kit.deps)).toEqual([]);
  await kit.pass(120);
  expect(await readDemand(kit.deps)).toMatchObject([{ ready: 1 }]);
});

test("the age of the last round is null before the first, and grows from there", async () => {
  expect(await secondsSinceRound(kit.deps)).toBeNull();
  const leader = { name: "coordinator", holder: "a" };
  await electLeader(kit.deps, { ...leader, leaseSeconds: 10 });
  expect(await secondsSinceRound(kit.deps)).toBeNull();
  await recordRound(kit.deps, leader);
  await kit.pass(60);
  const age = await secondsSinceRound(kit.deps);
  expect(age).toBeGreaterThanOrEqual(60);
  expect(age).toBeLessThan(120);
});
