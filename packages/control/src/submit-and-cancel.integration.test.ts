import { ReluctantError } from "@reluctant/contracts";
import { bytesOf, type Claim, type Kit, setup, sha256, specOf } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  cancelExperiment,
  claimAttempt,
  collectGarbage,
  createExperiment,
  dispatch,
  failAttempt,
  getExperiment,
  getStageRun,
  listAttempts,
  planExperiment,
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

const onlyTrain = { until: "train", budgets: undefined } as const;
const stageRunStates = async () =>
  (await kit.db.prisma.stageRun.findMany({ orderBy: { createdAt: "asc" } })).map(({ state }) => state);

test("identical experiments submitted together share every stage run", async () => {
  const identity = await kit.caller();
  const answers = await Promise.all(
    [1, 2, 3, 4].map(() => kit.submit({ budgets: ["10%", "20%"], seeds: [1, 2] }, identity)),
  );
  expect(new Set(answers.map(({ experimentId }) => experimentId)).size).toBe(4);
  expect(await kit.db.prisma.stageRun.count()).toBe(2 * (2 + 2 * 2));
  const origins = await kit.db.prisma.need.groupBy({ by: ["origin"], _count: true, orderBy: { origin: "asc" } });
  expect(origins).toEqual([
    { origin: "ran", _count: 12 },
    { origin: "shared", _count: 4 * 16 - 12 },
  ]);
});

test("one Idempotency-Key makes one experiment, also when it comes twice at once", async () => {
  const identity = await kit.caller();
  const spec = specOf();
  const post = (requestHash: string) =>
    createExperiment(kit.deps, { identity, spec, rawSpec: spec, idempotency: { key: "k1", requestHash } });
  const answers = await Promise.all([post(sha256("body")), post(sha256("body")), post(sha256("body"))]);
  expect(answers.map(({ outcome }) => outcome).sort()).toEqual(["created", "replayed", "replayed"]);
  expect(new Set(answers.map(({ body }) => JSON.stringify(body, Object.keys(body).sort()))).size).toBe(1);
  expect(await kit.db.prisma.experiment.count()).toBe(1);
  await expect(post(sha256("another body"))).rejects.toMatchObject({ code: "idempotency-mismatch" });
});

test.each([
  ["of trials that are all new", { budgets: ["20%", "5%"], seeds: [2, 1], methods: ["senet", "snl"] }],
  ["without budgets", onlyTrain],
] as const)("a submit %s answers what its row says", async (_, changes) => {
  const identity = await kit.caller();
  const { body } = await kit.submit(changes as never, identity);
  const { stageRuns: _runs, ...row } = await getExperiment(kit.deps, { identity, id: body.id });
  expect(row).toMatchObject(body);
  expect(body.progress.waiting).toBe(await kit.db.prisma.stageRun.count());
});

test("a key of one team means nothing to another", async () => {
  const spec = specOf();
  const idempotency = { key: "k1", requestHash: sha256("body") };
  for (const team of ["lab", "studio"]) {
    const answer = await createExperiment(kit.deps, {
      identity: await kit.caller(team),
      spec,
      rawSpec: spec,
      idempotency,
    });
    expect(answer.outcome).toBe("created");
  }
});

test("a spec that cannot be planned names its fields and leaves no row", async () => {
  const bad = kit.submit({ model: "resnet9", methods: ["senet", "sorcery"] });
  await expect(bad).rejects.toBeInstanceOf(ReluctantError);
  await expect(kit.submit({ dataset: "nowhere" })).rejects.toMatchObject({
    code: "invalid-spec",
    errors: [{ field: "dataset" }],
  });
  await expect(kit.submit({ arModel: sha256("no such artifact") })).rejects.toMatchObject({
    errors: [{ field: "arModel" }],
  });
  expect(await kit.db.prisma.experiment.count()).toBe(0);
  expect(await kit.db.prisma.stageRun.count()).toBe(0);
});

test("a viewer may neither submit nor cancel", async () => {
  const { experimentId } = await kit.submit();
  const identity = await kit.caller("lab", "viewer");
  await expect(kit.submit({}, identity)).rejects.toMatchObject({ code: "forbidden" });
  expect(() => cancelExperiment(kit.deps, { identity, experimentId })).toThrow(
    expect.objectContaining({ code: "forbidden" }),
  );
});

test("a plan shows what is known already and writes nothing", async () => {
  const identity = await kit.caller();
  const plan = () => planExperiment(kit.deps, { identity, spec: specOf({ budgets: ["10%", "20%"] }) });
  expect((await plan()).stageRuns.map(({ known }) => known)).toEqual(Array(6).fill(null));
  await kit.submit(onlyTrain);
  await kit.drain(await kit.worker());
  await kit.submit({ until: "sensitivity", budgets: undefined });
  const { stageRuns } = await plan();
  expect(Object.fromEntries(stageRuns.slice(0, 2).map(({ kind, known, trials }) => [kind, { known, trials }]))).toEqual(
    {
      train: { known: "cached", trials: 2 },
      sensitivity: { known: "shared", trials: 2 },
    },
  );
});

test("cancelling ends what waits at once and asks what runs to stop; the slot stays taken until it has", async () => {
  const identity = await kit.caller();
  const { experimentId } = await kit.submit();
  const workerId = await kit.worker();
  const train = (await dispatch(kit.deps)).find(({ kind }) => kind === "train");
  if (!train) throw new Error("no training was dispatched");
  const { attemptId, epoch } = await kit.claim(train.attemptId, workerId);
  const summary = await cancelExperiment(kit.deps, { identity, experimentId });
  expect(summary).toMatchObject({ state: "cancelled", progress: { cancelled: 4 } });
  expect((await stageRunStates()).sort()).toEqual(["active", "cancelled", "cancelled", "cancelled"]);
  expect(await beatAttempt(kit.deps, { attemptId, epoch })).toEqual({ answer: "stop", how: "now" });
  await releaseAttempt(kit.deps, { attemptId, epoch, as: "cancelled", step: 12 });
  expect(await stageRunStates()).toEqual(Array(4).fill("cancelled"));
  expect(await cancelExperiment(kit.deps, { identity, experimentId })).toMatchObject({ state: "cancelled" }); // twice is once
});

test("an attempt that is cancelled in its queue opens nothing", async () => {
  const { experimentId } = await kit.submit(onlyTrain);
  const workerId = await kit.worker();
  const [born] = await dispatch(kit.deps);
  await cancelExperiment(kit.deps, { identity: await kit.caller(), experimentId });
  expect(await claimAttempt(kit.deps, { attemptId: born?.attemptId ?? "", workerId })).toEqual({
    outcome: "superseded",
  });
});

test("a stage run that another experiment waits for survives a cancel and runs once", async () => {
  const identity = await kit.caller();
  const first = await kit.submit();
  const second = await kit.submit();
  const workerId = await kit.worker();
  const train = (await dispatch(kit.deps)).find(({ kind }) => kind === "train");
  if (!train) throw new Error("no training was dispatched");
  const claim = await kit.claim(train.attemptId, workerId);
  await cancelExperiment(kit.deps, { identity, experimentId: first.experimentId });
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "go on" });
  await kit.succeed(claim);
  await kit.db.prisma.attempt.findMany({ where: { state: "queued" } }).then(async (queued) => {
    for (const { id } of queued) await kit.succeed(await kit.claim(id, workerId));
  });
  await kit.drain(workerId);
  expect(await getExperiment(kit.deps, { identity, id: second.experimentId })).toMatchObject({
    state: "finished",
    progress: { succeeded: 4 },
  });
  expect(await kit.db.prisma.attempt.count({ where: { stageRunId: train.stageRunId } })).toBe(1);
});

test("a need that arrives while a stage run is being stopped sends it back to ready", async () => {
  const identity = await kit.caller();
  const { experimentId } = await kit.submit(onlyTrain);
  const [born] = await kit.worker().then(() => dispatch(kit.deps));
  const { attemptId, epoch } = await kit.claim(born?.attemptId ?? "", await kit.worker());
  await cancelExperiment(kit.deps, { identity, experimentId });
  const { body } = await kit.submit(onlyTrain);
  expect(body).toMatchObject({ state: "active", progress: { active: 1 } });
  await releaseAttempt(kit.deps, { attemptId, epoch, as: "cancelled", step: null });
  expect(await stageRunStates()).toEqual(["ready"]);
});

/** Keeps a checkpoint with a curve until there. */
async function checkpoint(claim: Claim, step: number): Promise<void> {
  const { attemptId } = claim;
  const bytes = bytesOf(`step ${step} of ${attemptId}`);
  const { sha256: at } = await kit.deps.artifacts.put({ attemptId, mediaType: "text/plain", bytes });
  expect(await recordCheckpoint(kit.deps, { ...claim, step, sha256: at })).toBe("written");
  const points = Array.from({ length: step }, (_, index) => ({ series: "loss", step: index + 1, value: 1 }));
  expect(await writeMetrics(kit.deps, { ...claim, points })).toBe("written");
}

test("what a cancelled stage run has left serves the next of its key, once, with its curve", async () => {
  const identity = await kit.caller();
  const workerId = await kit.worker();
  const start = async () => {
    const { experimentId } = await kit.submit(onlyTrain, identity);
    const [born] = await dispatch(kit.deps);
    if (!born) throw new Error("nothing was dispatched");
    return { experimentId, ...born, ...(await kit.claim(born.attemptId, workerId)) };
  };
  const first = await start();
  expect(first.assignment.resume).toBeNull();
  await checkpoint(first, 600);
  await cancelExperiment(kit.deps, { identity, experimentId: first.experimentId });
  await releaseAttempt(kit.deps, { ...first, as: "cancelled", step: 610 });

  const second = await start();
  expect(second.stageRunId).not.toBe(first.stageRunId);
  expect(second.assignment).toMatchObject({ attempt: 1, resume: { step: 600 } });
  const curveOf = (stageRunId: string) => readMetrics(kit.deps, { identity, stageRunId });
  expect((await curveOf(second.stageRunId))[0]?.steps).toHaveLength(600);
  expect(await curveOf(first.stageRunId)).toEqual(await curveOf(second.stageRunId));

  const failure = { code: "bad-input", fatal: true, message: "the checkpoint is torn", step: null } as const;
  await failAttempt(kit.deps, { ...second, failure });
  expect((await start()).assignment.resume).toBeNull(); // a failure is never cached
});

test("what a cancelled stage run has left is kept for a week", async () => {
  const identity = await kit.caller();
  const { experimentId } = await kit.submit(onlyTrain, identity);
  const workerId = await kit.worker();
  const [born] = await dispatch(kit.deps);
  const claim = await kit.claim(born?.attemptId ?? "", workerId);
  await checkpoint(claim, 10);
  await cancelExperiment(kit.deps, { identity, experimentId });
  await releaseAttempt(kit.deps, { ...claim, as: "cancelled", step: 10 });
  const after = async (days: number) => {
    await kit.db.prisma.$executeRaw`update stage_run set finished_at = now() - ${days} * interval '1 day'`;
    await collectGarbage(kit.deps, { historyDays: null });
    return kit.db.prisma.checkpoint.count();
  };
  expect([await after(6), await after(8)]).toEqual([1, 0]);
});

test("cancels and submits of the same stage runs, all at once, leave no experiment waiting for a dead one", async () => {
  const identity = await kit.caller();
  const first = await Promise.all([1, 2, 3].map(() => kit.submit({}, identity)));
  const later = await Promise.all([
    ...first.map(({ experimentId }) => cancelExperiment(kit.deps, { identity, experimentId }).then(() => null)),
    ...[1, 2, 3].map(() => kit.submit({}, identity)),
  ]);
  await kit.drain(await kit.worker());
  for (const answer of later) {
    if (answer === null) continue;
    const experiment = await getExperiment(kit.deps, { identity, id: answer.experimentId });
    expect(experiment.state).toBe("finished");
  }
});

test("another team sees neither an experiment nor its stage runs, and of a cached one only the result", async () => {
  const { experimentId } = await kit.submit(onlyTrain);
  const [stageRunId = ""] = await kit.drain(await kit.worker());
  const stranger = await kit.caller("studio");
  await expect(getExperiment(kit.deps, { identity: stranger, id: experimentId })).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(getStageRun(kit.deps, { identity: stranger, id: stageRunId })).rejects.toMatchObject({
    code: "not-found",
  });
  await kit.submit(onlyTrain, stranger);
  expect(await getStageRun(kit.deps, { identity: stranger, id: stageRunId })).toMatchObject({
    state: "succeeded",
    result: { kind: "train" },
  });
  expect(await listAttempts(kit.deps, { identity: stranger, stageRunId })).toEqual([]);
  expect(await listAttempts(kit.deps, { identity: await kit.caller(), stageRunId })).toHaveLength(1);
  const admin = await kit.caller("operators", "admin");
  expect(await getExperiment(kit.deps, { identity: admin, id: experimentId })).toMatchObject({ state: "finished" });
});
