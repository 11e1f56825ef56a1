import { type Kit, setup, specOf } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commit } from "./commit.ts";
import {
  cancelExperiment,
  createExperiment,
  type Deps,
  dispatch,
  drainWorker,
  expireLeases,
  type NotificationName,
  undrainWorker,
} from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

/** What a command publishes. */
async function publishedBy(command: () => Promise<unknown>): Promise<NotificationName[]> {
  kit.published.length = 0;
  await command();
  return [...kit.published].sort();
}

/** One stage run. */
const one = { until: "train", budgets: undefined } as const;

test("each command notifies those whom it concerns", async () => {
  expect(await publishedBy(() => kit.worker({ name: "w" }))).toEqual(["dispatch"]);
  expect(await publishedBy(() => kit.submit(one))).toEqual(["dispatch", "events"]);
  let attemptId = "";
  expect(await publishedBy(async () => (attemptId = (await dispatch(kit.deps))[0]?.attemptId as string))).toEqual([
    "events",
  ]);
  const workerId = await kit.worker();
  const admin = await kit.caller("lab", "admin");
  expect(await publishedBy(() => drainWorker(kit.deps, { identity: admin, name: "w" }))).toEqual([]);
  expect(await publishedBy(() => undrainWorker(kit.deps, { identity: admin, name: "w" }))).toEqual(["dispatch"]);
  const claim = await kit.claim(attemptId, workerId);
  expect(kit.published.splice(0)).toEqual(["dispatch", "events"]);
  expect(await publishedBy(() => kit.succeed(claim))).toEqual(["dispatch", "events"]);
  expect(await publishedBy(() => dispatch(kit.deps))).toEqual([]); // nothing waits
});

test("what asks a running attempt to stop is told to the workers", async () => {
  const workerId = await kit.worker();
  const { experimentId } = await kit.submit(one);
  const [born] = await dispatch(kit.deps);
  await kit.claim(born?.attemptId as string, workerId);
  const identity = await kit.caller();
  expect(await publishedBy(() => cancelExperiment(kit.deps, { identity, experimentId }))).toEqual(["events", "stop"]);
  expect(await publishedBy(() => cancelExperiment(kit.deps, { identity, experimentId }))).toEqual([]);
  await kit.pass(60);
  expect(await publishedBy(() => expireLeases(kit.deps))).toEqual(["dispatch", "events"]);
});

test("it is told after the commit, and what failed is told to nobody", async () => {
  const seen: Promise<number>[] = [];
  const deps: Deps = {
    ...kit.deps,
    notifications: { publish: () => void seen.push(kit.db.prisma.experiment.count()) },
  };
  await expect(
    commit(deps, async (t) => {
      t.concerned.add("events");
      throw new Error("rolled back");
    }),
  ).rejects.toThrow("rolled back");
  expect(seen).toEqual([]);
  await createExperiment(deps, { identity: await kit.caller(), spec: specOf(), rawSpec: {} });
  expect(await Promise.all(seen)).toEqual([1]);
});
