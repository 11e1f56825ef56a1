import type { Failure } from "@reluctant/contracts";
import { bytesOf, type Claim, type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  dispatch,
  failAttempt,
  getExperiment,
  listAttempts,
  listTrials,
  recordCheckpoint,
  releaseAttempt,
} from "./index.ts";

let kit: Kit;
let workerId: string;
beforeEach(async () => {
  kit = await setup();
  workerId = await kit.worker();
});
afterEach(() => kit.close());

const failureOf = (change: Partial<Failure> = {}): Failure => ({
  code: "child-exit",
  fatal: false,
  message: "exit 139",
  step: 3,
  ...change,
});
const stageRunRow = (id: string) => kit.db.prisma.stageRun.findUniqueOrThrow({ where: { id } });

/** Dispatches and claims the next attempt of the stage run of a kind. */
async function claimNext(kind: string): Promise<Claim & { stageRunId: string }> {
  for (const { attemptId, stageRunId, kind: own } of await dispatch(kit.deps)) {
    if (own === kind) return { ...(await kit.claim(attemptId, workerId)), stageRunId };
  }
  throw new Error(`no ${kind} was dispatched`);
}

/** Has the next attempt of a kind fail; answers its stage run. */
async function failNext(kind: string, failure: Failure): Promise<string> {
  const { attemptId, epoch, stageRunId } = await claimNext(kind);
  await failAttempt(kit.deps, { attemptId, epoch, failure });
  return stageRunId;
}

/** As if the back-off had passed. */
const passBackoff = (id: string) => kit.db.prisma.stageRun.update({ where: { id }, data: { retryAt: null } });

test("a failed attempt is tried again at once, then after a pause, and the third failure fails the stage run", async () => {
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined });
  const stageRunId = await failNext("train", failureOf());
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "ready", failures: 1, retryAt: null });
  await failNext("train", failureOf());
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "ready", failures: 2 });
  expect(await dispatch(kit.deps)).toEqual([]); // not before its time
  await passBackoff(stageRunId);
  await failNext("train", failureOf());
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "failed", failures: 3 });
  const experiment = await getExperiment(kit.deps, { identity: await kit.caller(), id: experimentId });
  expect(experiment).toMatchObject({ state: "failed", reason: expect.stringContaining("exit 139") });
});

test("a checkpoint that moved on forgives: crashes days apart never add up, and those at one place do", async () => {
  await kit.submit({ until: "train", budgets: undefined });
  const crashAfter = async (step: number | null) => {
    const { stageRunId, ...claim } = await claimNext("train");
    if (step !== null) await recordCheckpoint(kit.deps, { ...claim, step, sha256: await store(claim, step) });
    await failAttempt(kit.deps, { ...claim, failure: failureOf() });
    await passBackoff(stageRunId);
    return stageRunRow(stageRunId);
  };
  for (const step of [100, 200, 300, 400, 500])
    expect(await crashAfter(step)).toMatchObject({ state: "ready", failures: 1, failedStep: step });
  expect(await crashAfter(null)).toMatchObject({ state: "ready", failures: 2 });
  expect(await crashAfter(501)).toMatchObject({ state: "ready", failures: 1 });
  expect(await crashAfter(501)).toMatchObject({ state: "ready", failures: 2 }); // the same step again is no progress
  expect(await crashAfter(null)).toMatchObject({ state: "failed", failures: 3 });
});

const store = async ({ attemptId }: Claim, step: number) =>
  (await kit.deps.artifacts.put({ attemptId, mediaType: "text/plain", bytes: bytesOf(`step ${step}`) })).sha256;

test("what cannot heal is not tried again, fails every trial that needs it, and stops what only they needed", async () => {
  const identity = await kit.caller();
  const one = await kit.submit({ budgets: ["10%", "20%"] });
  const other = await kit.submit({ budgets: ["30%"] });
  const reason = "the loss is not finite";
  const stageRunId = await failNext("train", failureOf({ code: "not-finite", fatal: true, message: reason }));
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "failed", failures: 1, reason });
  for (const { experimentId } of [one, other]) {
    const { items } = await listTrials(kit.deps, { identity, experimentId, limit: 10 });
    for (const trial of items) expect(trial).toMatchObject({ state: "failed", reason });
    const experiment = await getExperiment(kit.deps, { identity, id: experimentId });
    expect(experiment.state).toBe("failed");
    expect(
      experiment.stageRuns.filter(({ state }) => state !== "failed").every(({ state }) => state === "cancelled"),
    ).toBe(true);
  }
});

test("a failure is not cached: the same spec again makes new stage runs", async () => {
  const spec = { until: "train", budgets: undefined } as const;
  await kit.submit(spec);
  const first = await failNext("train", failureOf({ fatal: true }));
  const { body } = await kit.submit(spec);
  expect(body).toMatchObject({ state: "active", progress: { waiting: 1, cached: 0 } });
  const [born] = await dispatch(kit.deps);
  expect(born?.stageRunId).not.toBe(first);
});

test("one budget that fails leaves the others: the experiment finishes and says what failed", async () => {
  const { experimentId } = await kit.submit({ budgets: ["10%", "20%"] });
  for (let prepared = 0; prepared < 2; prepared++) {
    for (const { attemptId, kind } of await dispatch(kit.deps)) {
      if (kind === "train" || kind === "sensitivity") await kit.succeed(await kit.claim(attemptId, workerId));
    }
  }
  const searches = await kit.db.prisma.attempt.findMany({ where: { state: "queued" } });
  expect(searches).toHaveLength(2);
  const [bad, good] = searches.map(({ id }) => id) as [string, string];
  const { epoch } = await kit.claim(bad, workerId);
  await failAttempt(kit.deps, { attemptId: bad, epoch, failure: failureOf({ fatal: true, message: "no such layer" }) });
  await kit.succeed(await kit.claim(good, workerId));
  await kit.drain(workerId);
  const experiment = await getExperiment(kit.deps, { identity: await kit.caller(), id: experimentId });
  expect(experiment).toMatchObject({ state: "finished", reason: "1 of 2 trials failed: no such layer" });
  expect(experiment.progress).toMatchObject({ total: 6, succeeded: 4, failed: 1, cancelled: 1 });
});

test("what runs for a trial that failed stops at its next step with a checkpoint, from which a later need of it goes on", async () => {
  const identity = await kit.caller();
  const { experimentId } = await kit.submit();
  const born = await dispatch(kit.deps); // training and sensitivity, at once
  const claims = await Promise.all(born.map(async ({ attemptId }) => kit.claim(attemptId, await kit.worker())));
  const [train, other] = ["train", "sensitivity"].map((kind) =>
    claims.find(({ assignment }) => assignment.params.kind === kind),
  ) as [Claim, Claim];
  await failAttempt(kit.deps, { ...train, failure: failureOf({ fatal: true, message: "no such layer" }) });
  expect((await getExperiment(kit.deps, { identity, id: experimentId })).state).toBe("failed");

  expect(await beatAttempt(kit.deps, other)).toEqual({ answer: "stop", how: "checkpoint" });
  const { stageRunId } = other.assignment;
  const attempt = async () => (await listAttempts(kit.deps, { identity, stageRunId }))[0];
  const reason = "a stage that its trials need failed: no such layer";
  expect(await attempt()).toMatchObject({ state: "stopping", reason });
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "active" }); // its slot is not free yet
  await recordCheckpoint(kit.deps, { ...other, step: 7, sha256: await store(other, 7) });
  await releaseAttempt(kit.deps, { ...other, as: "preempted", step: 7 });
  expect(await attempt()).toMatchObject({ state: "preempted", reason });
  expect(await stageRunRow(stageRunId)).toMatchObject({ state: "cancelled", reason: "no trial needs it any more" });

  await kit.submit();
  const again = await claimNext("sensitivity");
  expect(again.stageRunId).not.toBe(stageRunId);
  expect(again.assignment.resume).toMatchObject({ step: 7 });
});

/** Ends as many trainings of other seeds than `spare`: each with a failure for good, or with success without a message. */
async function endTrainings(messages: (string | null)[], spare = 0): Promise<void> {
  for (const message of messages) {
    await dispatch(kit.deps);
    const next = await kit.db.prisma.attempt.findFirst({
      where: { state: "queued", stageRun: { kind: "train", seed: { not: spare } } },
    });
    if (!next) throw new Error("no training waits");
    const claim = await kit.claim(next.id, workerId);
    if (message === null) await kit.succeed(claim);
    else await failAttempt(kit.deps, { ...claim, failure: failureOf({ fatal: true, message }) });
  }
}

test("the same failure three times in a row stops the experiment with the reason, and what others need goes on", async () => {
  const identity = await kit.caller();
  const { experimentId } = await kit.submit({ seeds: [1, 2, 3, 4, 5, 6], until: "train", budgets: undefined });
  await endTrainings(["no file 1", "no file 2"]);
  expect((await getExperiment(kit.deps, { identity, id: experimentId })).state).toBe("active");
  const { seed } = await kit.db.prisma.stageRun.findFirstOrThrow({ where: { state: "ready" } });
  const other = await kit.submit({ seeds: [seed], until: "train", budgets: undefined });
  await endTrainings(["no file 3"], seed);
  const stopped = await getExperiment(kit.deps, { identity, id: experimentId });
  expect(stopped).toMatchObject({
    state: "failed",
    reason: "stopped after 3 stage runs in a row failed alike: no file 3",
    progress: { failed: 3, cancelled: 3 },
  });
  const { items } = await listTrials(kit.deps, { identity, experimentId, limit: 10 });
  expect(items.filter(({ state }) => state === "cancelled")).toHaveLength(3);
  await endTrainings([null]);
  expect((await getExperiment(kit.deps, { identity, id: other.experimentId })).state).toBe("finished");
});

test("failures with a success between, or of other kinds, stop no experiment", async () => {
  const identity = await kit.caller();
  const { experimentId } = await kit.submit({ seeds: [1, 2, 3, 4, 5, 6, 7, 8], until: "train", budgets: undefined });
  await endTrainings(["no file", "no file", null, "no file", "no memory", "no file", "no file"]);
  expect((await getExperiment(kit.deps, { identity, id: experimentId })).state).toBe("active");
});
