import { isUnavailable, openDatabase, sql } from "@reluctant/db";
import { type Claim, engineOf, type Kit, resultOf, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  appendLog,
  beatAttempt,
  claimAttempt,
  completeAttempt,
  dispatch,
  expireLeases,
  failAttempt,
  handBackAttempt,
  readLog,
  readMetrics,
  recordCheckpoint,
  releaseAttempt,
  writeMetrics,
} from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

/** The only attempt of a new experiment that ends after training. */
async function queued(seed = 1): Promise<{ attemptId: string; stageRunId: string; experimentId: string }> {
  const { experimentId } = await kit.submit({ seeds: [seed], until: "train", budgets: undefined });
  const idle = await kit.worker();
  const [born] = await dispatch(kit.deps);
  await kit.db.prisma.worker.update({ where: { id: idle }, data: { state: "gone", leftAt: new Date() } });
  if (!born) throw new Error("nothing was dispatched");
  return { ...born, experimentId };
}

async function running(worker: { engine?: ReturnType<typeof engineOf> } = {}, seed = 1) {
  const { attemptId, stageRunId, experimentId } = await queued(seed);
  return { ...(await kit.claim(attemptId, await kit.worker(worker))), stageRunId, experimentId };
}

/** Lets the lease run out, as a silent worker would, and has it noticed. */
async function lose(attemptId: string): Promise<void> {
  await kit.db.prisma
    .$executeRaw`update attempt set lease_expires_at = now() - interval '1 second' where id = ${attemptId}::uuid`;
  expect((await expireLeases(kit.deps)).map((lost) => lost.attemptId)).toContain(attemptId);
}

/** The next attempt of a stage run, claimed by another worker. */
async function next(
  stageRunId: string,
  worker: { engine?: ReturnType<typeof engineOf> } = {},
): Promise<Claim & { startStep: number | null }> {
  const workerId = await kit.worker(worker);
  const born = (await dispatch(kit.deps)).find((attempt) => attempt.stageRunId === stageRunId);
  if (!born) throw new Error("the stage run was not dispatched again");
  const claim = await kit.claim(born.attemptId, workerId);
  return { ...claim, startStep: (await attemptRow(born.attemptId)).startStep };
}

const attemptRow = (id: string) => kit.db.prisma.attempt.findUniqueOrThrow({ where: { id } });
const stageRunRow = (id: string) => kit.db.prisma.stageRun.findUniqueOrThrow({ where: { id } });
const store = async (attemptId: string, text: string) =>
  (
    await kit.deps.artifacts.put({
      attemptId,
      mediaType: "text/plain",
      bytes: (async function* () {
        yield Buffer.from(text);
      })(),
    })
  ).sha256;

test("of many workers that claim one attempt, one gets it and the others drop the job", async () => {
  const { attemptId, stageRunId } = await queued();
  const workers = await Promise.all([1, 2, 3, 4].map(() => kit.worker()));
  const answers = await Promise.all(workers.map((workerId) => claimAttempt(kit.deps, { attemptId, workerId })));
  expect(answers.map(({ outcome }) => outcome).sort()).toEqual(["claimed", "superseded", "superseded", "superseded"]);
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "active", epoch: 1 });
});

test("a worker without the version is refused, and the stage run waits for another", async () => {
  const { attemptId, stageRunId } = await queued();
  const workerId = await kit.worker({ versions: { "train/sgd": 999 } });
  const answer = await claimAttempt(kit.deps, { attemptId, workerId });
  expect(answer).toEqual({ outcome: "refused", reason: expect.stringContaining("train/sgd version") });
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "ready", failures: 0 });
  expect(await attemptRow(attemptId)).toMatchObject({ state: "superseded" });
});

test("a worker whose slot is taken is refused", async () => {
  const first = await queued();
  const second = await queued(2);
  const workerId = await kit.worker();
  await kit.claim(first.attemptId, workerId);
  expect(await claimAttempt(kit.deps, { attemptId: second.attemptId, workerId })).toMatchObject({ outcome: "refused" });
});

test("nothing that a lost worker writes is taken, whatever it writes", async () => {
  const { attemptId, epoch, stageRunId, assignment } = await running();
  const sha256 = await store(attemptId, `checkpoint ${attemptId}`);
  const artifacts = await kit.artifactsOf({ attemptId, epoch, assignment });
  await lose(attemptId);
  const zombie = { attemptId, epoch };
  const failure = { code: "internal", fatal: true, message: "late", step: null } as const;
  expect(await beatAttempt(kit.deps, zombie)).toEqual({ answer: "stale" });
  expect(await writeMetrics(kit.deps, { ...zombie, points: [{ series: "loss", step: 1, value: 1 }] })).toBe("stale");
  expect(await appendLog(kit.deps, { ...zombie, offset: 0, bytes: Buffer.from("late") })).toBe("stale");
  expect(await recordCheckpoint(kit.deps, { ...zombie, step: 9, sha256 })).toBe("stale");
  expect(await failAttempt(kit.deps, { ...zombie, failure })).toEqual({ outcome: "superseded" });
  expect(await releaseAttempt(kit.deps, { ...zombie, as: "preempted", step: 9 })).toEqual({ outcome: "superseded" });
  const result = resultOf(assignment.params);
  expect(await completeAttempt(kit.deps, { ...zombie, result, artifacts })).toEqual({ outcome: "superseded" });
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "ready", failures: 0, result: null });
  expect(await attemptRow(attemptId)).toMatchObject({
    state: "lost",
    reason: expect.stringContaining("silent for 15 s"),
  });
  expect(await kit.db.prisma.checkpoint.count({ where: { stageRunId } })).toBe(0);
});

test("what a supervisor's successor hands back is lost at once, and the next attempt needs no lease to end", async () => {
  const { attemptId, epoch, stageRunId } = await running();
  await recordCheckpoint(kit.deps, { attemptId, epoch, step: 9, sha256: await store(attemptId, "nine") });
  expect(await handBackAttempt(kit.deps, { attemptId, epoch: epoch - 1 })).toEqual({ outcome: "superseded" });
  expect(await handBackAttempt(kit.deps, { attemptId, epoch })).toEqual({ outcome: "recorded" });
  expect(await handBackAttempt(kit.deps, { attemptId, epoch })).toEqual({ outcome: "superseded" });
  expect(await attemptRow(attemptId)).toMatchObject({
    state: "lost",
    reason: expect.stringContaining("started again"),
  });
  expect((await next(stageRunId)).startStep).toBe(9);
});

test("the attempt after a loss is the next number, resumes from the last checkpoint, and its epoch shuts the first out", async () => {
  const first = await running();
  for (const step of [10, 20, 30]) {
    const sha256 = await store(first.attemptId, `step ${step}`);
    expect(await recordCheckpoint(kit.deps, { ...first, step, sha256 })).toBe("written");
  }
  const kept = await kit.db.prisma.checkpoint.findMany({
    where: { stageRunId: first.stageRunId },
    orderBy: { step: "asc" },
  });
  expect(kept.map(({ step }) => step)).toEqual([20, 30]);
  await lose(first.attemptId);
  const second = await next(first.stageRunId);
  expect(second.assignment).toMatchObject({ attempt: 2, resume: { step: 30, sha256: kept[1]?.sha256 } });
  expect(second).toMatchObject({ epoch: first.epoch + 1, startStep: 30 });
  expect(await beatAttempt(kit.deps, { attemptId: second.attemptId, epoch: first.epoch })).toEqual({ answer: "stale" });
  expect(await attemptRow(second.attemptId)).toMatchObject({ inexact: false });
});

test("a resume on another thread count is marked inexact", async () => {
  const first = await running();
  await recordCheckpoint(kit.deps, { ...first, step: 5, sha256: await store(first.attemptId, "checkpoint") });
  await lose(first.attemptId);
  const second = await next(first.stageRunId, { engine: engineOf({ threads: 2 }) });
  expect(await attemptRow(second.attemptId)).toMatchObject({ inexact: true });
});

test.each([
  ["another level of instructions", "avx2", "avx512", true],
  ["the same", "avx2", "avx2", false],
])("a resume at %s: inexact or not", async (_, before, after, inexact) => {
  const first = await running({ engine: engineOf({ cpuLevel: before }) });
  await recordCheckpoint(kit.deps, { ...first, step: 5, sha256: await store(first.attemptId, "checkpoint") });
  await lose(first.attemptId);
  const second = await next(first.stageRunId, { engine: engineOf({ cpuLevel: after }) });
  expect(await attemptRow(second.attemptId)).toMatchObject({ inexact });
});

test("a beat that comes before the expiry is noticed saves the attempt", async () => {
  const { attemptId, epoch } = await running();
  await kit.db.prisma
    .$executeRaw`update attempt set lease_expires_at = now() - interval '1 second' where id = ${attemptId}::uuid`;
  expect(await beatAttempt(kit.deps, { attemptId, epoch })).toEqual({ answer: "go on" });
  expect(await expireLeases(kit.deps)).toEqual([]);
});

test("an attempt that completes while the expiry looks at it stays succeeded", async () => {
  const claim = await running();
  const { attemptId } = claim;
  await kit.db.prisma
    .$executeRaw`update attempt set lease_expires_at = now() - interval '1 second' where id = ${attemptId}::uuid`;
  const [answer, lost] = await Promise.all([kit.succeed(claim), expireLeases(kit.deps)]);
  const outcome = lost.length > 0 ? "superseded" : "completed";
  expect(answer).toEqual({ outcome });
  expect((await attemptRow(attemptId)).state).toBe(outcome === "completed" ? "succeeded" : "lost");
});

test("two that complete one attempt commit one result", async () => {
  const claim = await running();
  const outcomes = await Promise.all([kit.succeed(claim), kit.succeed(claim)]);
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["completed", "superseded"]);
  expect(await kit.db.prisma.frontierPoint.count({ where: { stageRunId: claim.stageRunId } })).toBe(1);
});

test("a worker that leaves says so by a beat: its attempt is stopping until it is given back, which counts for nothing", async () => {
  const { attemptId, epoch, stageRunId } = await running();
  await beatAttempt(kit.deps, { attemptId, epoch, leaves: true });
  expect(await attemptRow(attemptId)).toMatchObject({ state: "stopping", reason: "its worker is leaving" });
  expect(await beatAttempt(kit.deps, { attemptId, epoch, leaves: true })).toEqual({
    answer: "stop",
    how: "checkpoint",
  });
  await releaseAttempt(kit.deps, { attemptId, epoch, as: "preempted", step: 7 });
  expect(await attemptRow(attemptId)).toMatchObject({ state: "preempted", reason: "its worker is leaving" });
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "ready", failures: 0, retryAt: null });
});

test("a worker that left without a beat gives its attempt back all the same, by way of stopping", async () => {
  const { attemptId, epoch, stageRunId } = await running();
  expect(await releaseAttempt(kit.deps, { attemptId, epoch, as: "preempted", step: 7 })).toEqual({
    outcome: "recorded",
  });
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "ready", failures: 0, retryAt: null });
  const events = await kit.db.prisma.event.findMany({ where: { attemptId }, orderBy: { id: "asc" } });
  expect(events.map(({ data }) => (data as { state: string }).state)).toEqual([
    "queued",
    "running",
    "stopping",
    "preempted",
  ]);
});

test("a frozen worker's transaction keeps no other lease from being judged, and its own no longer than Postgres allows", async () => {
  const frozen = await running();
  const silent = await running({}, 2);
  await kit.db.prisma.$executeRaw`update attempt set lease_expires_at = now() - interval '1 second'`;
  const worker = openDatabase(kit.databaseUrl, { poolSize: 1, idleInTransactionTimeoutMs: 1_000 });
  let thaw = () => {};
  const thawed = new Promise<void>((resolve) => (thaw = resolve));
  let write: Promise<void> | undefined;
  await new Promise<void>((holds) => {
    write = worker.tx(async (t) => {
      await t.one(sql.fence, { attemptId: frozen.attemptId, epoch: frozen.epoch });
      holds();
      await thawed;
      await t.one(sql.fence, { attemptId: frozen.attemptId, epoch: frozen.epoch });
    });
  });
  expect((await expireLeases(kit.deps)).map((lost) => lost.attemptId)).toEqual([silent.attemptId]);
  await vi.waitUntil(async () => (await expireLeases(kit.deps)).some((lost) => lost.attemptId === frozen.attemptId), {
    timeout: 10_000,
  });
  thaw();
  await expect(write).rejects.toSatisfy(isUnavailable);
  await worker.close();
});

test("a resumed attempt overwrites its tail, so a curve has each step once, over blocks of 512", async () => {
  const first = await running();
  const curve = (from: number, to: number, value: number) =>
    Array.from({ length: to - from }, (_, index) => ({ series: "loss", step: from + index, value }));
  const identity = await kit.caller();
  await writeMetrics(kit.deps, { ...first, points: curve(0, 700, 1) });
  await writeMetrics(kit.deps, { ...first, points: curve(700, 1_300, 1) });
  await lose(first.attemptId);
  const second = await next(first.stageRunId);
  await writeMetrics(kit.deps, { ...second, points: curve(600, 650, 2) });
  const [loss] = await readMetrics(kit.deps, { identity, stageRunId: first.stageRunId });
  expect(loss?.steps).toEqual(Array.from({ length: 650 }, (_, step) => step));
  expect(loss?.values.filter((value) => value === 2)).toHaveLength(50);
  const tail = await readMetrics(kit.deps, {
    identity,
    stageRunId: first.stageRunId,
    series: ["loss"],
    afterStep: 647,
  });
  expect(tail).toEqual([{ series: "loss", steps: [648, 649], values: [2, 2] }]);
});

test("a log is read in pages that cut no character, and pieces sent twice count once", async () => {
  const { attemptId, epoch } = await running();
  const identity = await kit.caller();
  const bytes = Buffer.from("loss 0.5 → 0.4\n");
  await appendLog(kit.deps, { attemptId, epoch, offset: 0, bytes });
  await appendLog(kit.deps, { attemptId, epoch, offset: 0, bytes });
  await appendLog(kit.deps, { attemptId, epoch, offset: bytes.length, bytes });
  const page = await readLog(kit.deps, { identity, attemptId, offset: 0, limit: 10 });
  expect(page).toEqual({ text: "loss 0.5 ", next: 9, ended: false });
  const rest = await readLog(kit.deps, { identity, attemptId, offset: 9, limit: 1_000 });
  expect(rest).toEqual({ text: "→ 0.4\nloss 0.5 → 0.4\n", next: 2 * bytes.length, ended: false });
});

test("an attempt that cannot be claimed fails its stage run with the reason: at once when an input is gone", async () => {
  const { experimentId } = await kit.submit();
  const workerId = await kit.worker();
  for (const { attemptId } of await dispatch(kit.deps)) await kit.succeed(await kit.claim(attemptId, workerId));
  await kit.db.prisma.stageRunArtifact.deleteMany();
  const [born] = await dispatch(kit.deps);
  if (!born) throw new Error("nothing was dispatched");
  const answer = await claimAttempt(kit.deps, { attemptId: born.attemptId, workerId });
  expect(answer).toMatchObject({ outcome: "failed", reason: expect.stringContaining("has no artifact") });
  expect(await attemptRow(born.attemptId)).toMatchObject({ state: "superseded", epoch: null });
  expect(await stageRunRow(born.stageRunId)).toMatchObject({ state: "failed", failures: 1 });
  const experiment = await kit.db.prisma.experiment.findUnique({ where: { id: experimentId } });
  expect(experiment).toMatchObject({ state: "failed", reason: expect.stringContaining("has no artifact") });
  expect(await claimAttempt(kit.deps, { attemptId: born.attemptId, workerId })).toEqual({ outcome: "superseded" });
});

test("an attempt whose claim meets an unknown fault is tried again at once, as after a failure", async () => {
  const { attemptId, stageRunId } = await queued();
  const workerId = await kit.worker();
  await kit.db.prisma
    .$executeRaw`alter table event add constraint broken check (type <> 'attempt.changed' or data ->> 'state' <> 'running')`;
  expect(await claimAttempt(kit.deps, { attemptId, workerId })).toMatchObject({ outcome: "failed" });
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "ready", failures: 1, retryAt: null });
});
