import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatWorker,
  claimAttempt,
  dispatch,
  drainBrokenWorkers,
  drainWorker,
  expireLeases,
  getStageRun,
  leaveWorker,
  listWorkers,
  undrainWorker,
} from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

const onlyTrain = { until: "train", budgets: undefined } as const;
const admin = () => kit.caller("lab", "admin");
const shown = async (name: string) =>
  (await listWorkers(kit.deps, { identity: await kit.caller() })).find((worker) => worker.name === name);

/** Time passes, in which those that live have beaten. */
async function pass(seconds: number, living: string[]): Promise<void> {
  await kit.pass(seconds);
  for (const workerId of living) await beatWorker(kit.deps, { workerId, state: "idle" });
}

/** A queued attempt, of the given stage run if any. */
async function queued(stageRunId?: string): Promise<{ id: string; stageRunId: string }> {
  await dispatch(kit.deps);
  const where = { state: "queued", ...(stageRunId && { stageRunId }) };
  return kit.db.prisma.attempt.findFirstOrThrow({ where, orderBy: { queuedAt: "asc" } });
}

/** A worker of this name takes an attempt and dies with it; `good` then finishes its stage run. */
async function loseOn(name: string, good: string): Promise<void> {
  const { id, stageRunId } = await queued();
  await kit.claim(id, await kit.worker({ name }));
  await pass(16, [good]);
  await expireLeases(kit.deps);
  await pass(60, [good]);
  await kit.worker({ name }); // restarted, as by a service manager
  await kit.succeed(await kit.claim((await queued(stageRunId)).id, good));
  await pass(60, [good]);
}

test("a drained worker keeps what it runs, gets nothing more, and says why; undrained, it works again", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3, 4] });
  const workerId = await kit.worker({ name: "gpu-1" });
  const [first, second] = await dispatch(kit.deps);
  const claim = await kit.claim(first?.attemptId as string, workerId);
  expect(await drainWorker(kit.deps, { identity: await admin(), name: "gpu-1", reason: "fan broken" })).toMatchObject({
    state: "drained",
    reason: "by admin of lab: fan broken",
    attemptId: first?.attemptId,
  });
  expect(await beatWorker(kit.deps, { workerId, state: "busy" })).toEqual({
    answer: "drained",
    reason: "by admin of lab: fan broken",
  });
  expect(await kit.succeed(claim)).toEqual({ outcome: "completed" });
  expect(await claimAttempt(kit.deps, { attemptId: second?.attemptId as string, workerId })).toEqual({
    outcome: "refused",
    reason: "the worker is drained: by admin of lab: fan broken",
  });
  await kit.pass(1);
  expect(await dispatch(kit.deps)).toEqual([]);
  const { id } = await kit.db.prisma.stageRun.findFirstOrThrow({ where: { state: "ready" } });
  const reason = async () => (await getStageRun(kit.deps, { identity: await kit.caller(), id })).reason;
  expect(await reason()).toBe("every worker of pool default is drained");

  expect(await undrainWorker(kit.deps, { identity: await admin(), name: "gpu-1" })).toMatchObject({
    state: "busy",
    reason: null,
  });
  expect(await reason()).toBeNull();
  await kit.pass(3);
  expect((await dispatch(kit.deps)).length).toBeGreaterThan(0);
  const events = await kit.db.prisma.auditEvent.findMany({ orderBy: { id: "asc" } });
  expect(events.filter(({ action }) => action.startsWith("worker."))).toMatchObject([
    { actor: "admin of lab", action: "worker.drain", subject: workerId, detail: { name: "gpu-1" } },
    { actor: "admin of lab", action: "worker.undrain", subject: workerId, detail: { name: "gpu-1" } },
  ]);
});

test("only an admin drains, only a worker that is there, and twice is the same as once", async () => {
  await kit.worker({ name: "gpu-1" });
  const member = await kit.caller();
  expect(() => drainWorker(kit.deps, { identity: member, name: "gpu-1" })).toThrow(/takes the role admin/);
  expect(() => undrainWorker(kit.deps, { identity: member, name: "gpu-1" })).toThrow(/takes the role admin/);
  await expect(drainWorker(kit.deps, { identity: await admin(), name: "gpu-9" })).rejects.toThrow(
    "there is no worker gpu-9",
  );
  await drainWorker(kit.deps, { identity: await admin(), name: "gpu-1", reason: "first" });
  const again = await drainWorker(kit.deps, { identity: await admin(), name: "gpu-1", reason: "second" });
  expect(again.reason).toBe("by admin of lab: first");
});

test("a worker that takes three stage runs with it which succeed elsewhere is drained, across its own restarts", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3, 4] });
  const good = await kit.worker({ name: "good" });
  for (let lost = 0; lost < 3; lost++) {
    expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
    await loseOn("bad", good);
  }
  expect(await drainBrokenWorkers(kit.deps)).toEqual([]); // not before it is back
  await kit.worker({ name: "bad" });
  expect(await drainBrokenWorkers(kit.deps)).toMatchObject([
    { name: "bad", reason: expect.stringMatching(/then on good/) },
  ]);
  expect(await shown("bad")).toMatchObject({
    state: "drained",
    reason: expect.stringMatching(/^its last attempts were lost/),
  });
  expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
});

test.each(["a restart", "a person"])("%s undrains it, and what it lost before counts no more", async (who) => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3, 4] });
  const good = await kit.worker({ name: "good" });
  for (let lost = 0; lost < 3; lost++) await loseOn("bad", good);
  await kit.worker({ name: "bad" });
  expect(await drainBrokenWorkers(kit.deps)).toHaveLength(1);
  if (who === "a restart") await kit.worker({ name: "bad" });
  else await undrainWorker(kit.deps, { identity: await admin(), name: "bad" });
  expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
  expect(await shown("bad")).toMatchObject({ state: "idle", reason: null });
  await loseOn("bad", good);
  await kit.worker({ name: "bad" });
  expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
});

test("the last worker of its pool is never drained by itself, nor one that was started anew by a person", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3, 4] });
  const good = await kit.worker({ name: "good" });
  for (let lost = 0; lost < 3; lost++) await loseOn("bad", good);
  const bad = await kit.worker({ name: "bad" });
  await leaveWorker(kit.deps, { workerId: good });
  expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
  await kit.worker({ name: "good" });
  await leaveWorker(kit.deps, { workerId: bad });
  await kit.worker({ name: "bad" });
  expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
});
