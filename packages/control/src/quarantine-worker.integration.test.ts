import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatWorker,
  claimAttempt,
  countWorkers,
  dispatch,
  failAttempt,
  leaveWorker,
  listAttempts,
  listWorkers,
  quarantineWorker,
  releaseWorker,
} from "./index.ts";

let kit: Kit;
/** Attempts that lie in the queue. */
let queue: { attemptId: string; stageRunId: string }[];
beforeEach(async () => {
  kit = await setup();
  queue = [];
});
afterEach(() => kit.close());

const diskFull = {
  code: "internal",
  fatal: false,
  message: "ENOSPC: no space left on device, write",
  step: null,
} as const;

/** Fails the next `count` attempts on a worker; answers their stage runs. */
async function failNext(workerId: string, count: number): Promise<string[]> {
  const failed: string[] = [];
  while (failed.length < count) {
    if (queue.length === 0) queue = await dispatch(kit.deps);
    const next = queue.shift();
    if (!next) throw new Error("nothing is dispatched");
    await failAttempt(kit.deps, { ...(await kit.claim(next.attemptId, workerId)), failure: diskFull });
    failed.push(next.stageRunId);
  }
  return failed;
}

const only = async () => (await listWorkers(kit.deps, { identity: await kit.caller() }))[0];
const onlyTrain = { until: "train", budgets: undefined } as const;
/** Lets time pass for all but heartbeats. */
async function pass(seconds: number) {
  await kit.pass(seconds);
  await kit.db.prisma.$executeRaw`update worker set last_beat_at = now()`;
}

test("a worker whose disk is full is quarantined after three stage runs, half open after ten minutes, and trusted by a success", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3, 4, 5, 6] });
  const workerId = await kit.worker({ name: "gpu-7" });
  await failNext(workerId, 2);
  expect(await only()).toMatchObject({ state: "busy", reason: null });
  await failNext(workerId, 1);
  const reason = "3 stage runs failed here by its own fault: disk full";
  expect(await only()).toMatchObject({ state: "quarantined", reason, quarantinedUntil: expect.any(String) });
  expect(await countWorkers(kit.deps)).toEqual([{ pool: "default", state: "quarantined", count: 1 }]);
  expect(await beatWorker(kit.deps, { workerId, state: "idle" })).toEqual({ answer: "drained", reason });
  expect(await dispatch(kit.deps)).toEqual([]);

  await pass(601);
  expect(await beatWorker(kit.deps, { workerId, state: "idle" })).toEqual({ answer: "go on" });
  await failNext(workerId, 1); // half open
  expect(await only()).toMatchObject({
    state: "quarantined",
    reason: "1 stage run failed here again by its own fault: disk full",
  });
  await pass(601);
  expect(await only()).toMatchObject({ state: "quarantined" }); // twice as long
  await pass(600);
  await kit.db.prisma.$executeRaw`update stage_run set retry_at = null`;
  const [born] = await dispatch(kit.deps);
  await kit.succeed(await kit.claim(born?.attemptId as string, workerId));
  await failNext(workerId, 2);
  expect(await only()).toMatchObject({ state: "busy" }); // three count again
});

test("one stage run that fails wherever it runs quarantines nobody, and fails at last", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1] });
  const workerId = await kit.worker();
  const identity = await kit.caller();
  for (let attempt = 1; attempt <= 9; attempt++) {
    await kit.db.prisma.$executeRaw`update stage_run set retry_at = null`;
    await failNext(workerId, 1);
  }
  const { id, state, reason } = await kit.db.prisma.stageRun.findFirstOrThrow();
  expect(state).toBe("failed"); // six were not counted, three were
  expect(reason).toMatch(/^failed 3 times without a new checkpoint between; last: ENOSPC/);
  expect(await only()).not.toMatchObject({ state: "quarantined" });
  const attempts = await listAttempts(kit.deps, { identity, stageRunId: id });
  expect(attempts.map(({ failure }) => failure)).toContainEqual(
    expect.objectContaining({ cause: "disk full", fault: "node" }),
  );
});

test("stage runs that fail on several workers quarantine none of these", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3] });
  const names = ["gpu-1", "gpu-2"];
  const [first, second] = await Promise.all(names.map((name) => kit.worker({ name })));
  await failNext(first as string, 2);
  await kit.db.prisma.$executeRaw`update stage_run set retry_at = null`;
  await failNext(second as string, 3);
  await kit.db.prisma.$executeRaw`update stage_run set retry_at = null`;
  await failNext(first as string, 3);
  expect((await listWorkers(kit.deps, { identity: await kit.caller() })).map(({ state }) => state)).toEqual([
    "busy",
    "busy",
  ]);
});

test("a quarantined worker is given nothing, whatever lies in its queue, until a person releases it", async () => {
  const identity = await kit.caller("lab", "admin");
  await kit.submit({ ...onlyTrain, seeds: [1] });
  const workerId = await kit.worker({ name: "gpu-7" });
  const [born] = await dispatch(kit.deps);
  const asked = { identity, name: "gpu-7", reason: "smells" };
  expect(await quarantineWorker(kit.deps, asked)).toMatchObject({
    state: "quarantined",
    reason: "by admin of lab: smells",
    quarantinedUntil: null,
  });
  expect(await claimAttempt(kit.deps, { attemptId: born?.attemptId as string, workerId })).toEqual({
    outcome: "refused",
    reason: "the worker is quarantined: by admin of lab: smells",
  });
  await pass(86_000);
  expect(await dispatch(kit.deps)).toEqual([]);
  expect(await releaseWorker(kit.deps, { identity, name: "gpu-7" })).toMatchObject({ state: "idle", reason: null });
  expect(kit.published.at(-1)).toBe("dispatch");
  expect(await kit.drain(workerId)).toHaveLength(1);
  const member = { identity: await kit.caller(), name: "gpu-7" };
  for (const command of [quarantineWorker, releaseWorker])
    expect(() => command(kit.deps, member)).toThrow(expect.objectContaining({ code: "forbidden" }));
});

test("a crash does not end a quarantine, a clean restart does", async () => {
  const identity = await kit.caller("lab", "admin");
  await kit.worker({ name: "gpu-7" });
  await quarantineWorker(kit.deps, { identity, name: "gpu-7", seconds: 600 });
  const workerId = await kit.worker({ name: "gpu-7" }); // replaces the one that fell silent
  expect(await only()).toMatchObject({ id: workerId, state: "quarantined", reason: "by admin of lab" });
  await leaveWorker(kit.deps, { workerId });
  await kit.worker({ name: "gpu-7" });
  expect(await only()).toMatchObject({ state: "idle", reason: null });
});
