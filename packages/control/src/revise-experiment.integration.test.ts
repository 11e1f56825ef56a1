import { type Kit, setup } from "@reluctant/testkit";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type Caller,
  cancelExperiment,
  dispatch,
  extendExperiment,
  failAttempt,
  getExperiment,
  getStageRun,
  listTrials,
  pauseExperiment,
  registerDataset,
  retryExperiment,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

const onlyTrain = { until: "train", budgets: undefined } as const;
const failure = { code: "internal", fatal: true, message: "broke", step: null } as const;
type Experiment = { experimentId: string };
const retry = ({ experimentId }: Experiment) => retryExperiment(kit.deps, { identity, experimentId });
const extend = ({ experimentId }: Experiment, extension: Parameters<typeof extendExperiment>[1]["extension"]) =>
  extendExperiment(kit.deps, { identity, experimentId, extension });
const trialsOf = async ({ experimentId }: Experiment) =>
  (await listTrials(kit.deps, { identity, experimentId, limit: 100 })).items;
const kinds = async ({ experimentId: id }: Experiment) =>
  (await getExperiment(kit.deps, { identity, id })).stageRuns.map(({ kind, state }) => `${kind} ${state}`).sort();

/** Runs what is dispatched: what `breaks` fails for good, all else succeeds. */
async function run(workerId: string, breaks: (kind: string) => boolean) {
  for (let born = await dispatch(kit.deps); born.length > 0; born = await dispatch(kit.deps))
    for (const { attemptId, kind } of born) {
      const claim = await kit.claim(attemptId, workerId);
      if (breaks(kind)) await failAttempt(kit.deps, { ...claim, failure });
      else await kit.succeed(claim);
    }
}

test("a retry runs what failed again as a new stage run, and takes what succeeded from the store", async () => {
  const experiment = await kit.submit();
  const workerId = await kit.worker();
  await run(workerId, (kind) => kind === "mask-search");
  expect(await kinds(experiment)).toEqual([
    "distillation cancelled",
    "mask-search failed",
    "sensitivity succeeded",
    "train succeeded",
  ]);
  const before = await kit.db.prisma.stageRun.findMany();
  expect(await retry(experiment)).toMatchObject({
    state: "active",
    reason: null,
    progress: { total: 4, succeeded: 2 },
  });
  await run(workerId, () => false);
  expect(await trialsOf(experiment)).toMatchObject([{ state: "succeeded", reason: null }]);
  const after = await kit.db.prisma.stageRun.findMany();
  expect(after).toHaveLength(before.length + 2);
  expect(new Set(after.map(({ stageKey }) => stageKey)).size).toBe(before.length);
  const failed = before.find(({ state }) => state === "failed")?.id as string;
  expect(await getStageRun(kit.deps, { identity, id: failed })).toMatchObject({ state: "failed" });
  const { state, gpuSeconds } = await getExperiment(kit.deps, { identity, id: experiment.experimentId });
  expect({ state, charged: gpuSeconds > 0 }).toEqual({ state: "finished", charged: true });
});

test("a retry after an extension plans a trial of a descent as it was planned", async () => {
  const experiment = await kit.submit({ methods: ["continuation"], budgets: ["20%", "10%"] });
  const workerId = await kit.worker();
  let distillations = 0;
  await run(workerId, (kind) => kind === "distillation" && distillations++ === 0);
  await extend(experiment, { budgets: [{ percent: 5 }] });
  await run(workerId, () => false);
  const searches = () => kit.db.prisma.stageRun.count({ where: { kind: "mask-search" } });
  expect(await searches()).toBe(2); // one for each revision
  await retry(experiment);
  await run(workerId, () => false);
  expect(await searches()).toBe(2);
  expect((await trialsOf(experiment)).map(({ state }) => state)).toEqual(Array(3).fill("succeeded"));
});

test("a cancelled experiment goes on where it was", async () => {
  const experiment = await kit.submit();
  const workerId = await kit.worker();
  const train = (await dispatch(kit.deps)).find(({ kind }) => kind === "train");
  await kit.succeed(await kit.claim(train?.attemptId as string, workerId));
  await cancelExperiment(kit.deps, { identity, ...experiment });
  await retry(experiment);
  await run(workerId, () => false);
  expect(await trialsOf(experiment)).toMatchObject([{ state: "succeeded" }]);
  expect(await kit.db.prisma.stageRun.count({ where: { kind: "train" } })).toBe(1);
});

test("what failed here and another experiment has done since ends it at once", async () => {
  const experiment = await kit.submit(onlyTrain);
  const workerId = await kit.worker();
  await run(workerId, () => true);
  await kit.submit(onlyTrain);
  await run(workerId, () => false);
  expect(await retry(experiment)).toMatchObject({ state: "finished", progress: { succeeded: 1, failed: 0 } });
});

test("where nothing failed there is nothing to retry", async () => {
  const experiment = await kit.submit(onlyTrain);
  await expect(retry(experiment)).rejects.toMatchObject({ code: "conflict" });
  await kit.drain(await kit.worker());
  await expect(retry(experiment)).rejects.toMatchObject({ code: "conflict" });
});

test("an extension adds the trials that were not there, and shares what they have in common", async () => {
  const experiment = await kit.submit({ budgets: ["10%"], seeds: [1] });
  const workerId = await kit.worker();
  await kit.drain(workerId);
  const [first] = await trialsOf(experiment);
  expect(await extend(experiment, { budgets: [{ percent: 10 }, { percent: 5 }, { count: 1_000 }] })).toMatchObject({
    state: "active",
    trials: 3,
    progress: { total: 8, succeeded: 4 },
  });
  await kit.drain(workerId);
  const trials = await trialsOf(experiment);
  expect(trials[0]).toEqual(first);
  expect(trials.map(({ state }) => state)).toEqual(Array(3).fill("succeeded"));
  const { state, revision, spec } = await getExperiment(kit.deps, { identity, id: experiment.experimentId });
  expect({ state, revision, spec }).toMatchObject({
    state: "finished",
    revision: 2,
    spec: { budgets: ["10%", "5%", 1_000], seeds: [1] },
  });
  expect(await extend(experiment, { seeds: [2] })).toMatchObject({ trials: 6 });
});

test("an extension that adds nothing, or that no spec could hold, changes nothing", async () => {
  const experiment = await kit.submit();
  await expect(extend(experiment, { seeds: [1], budgets: [{ percent: 10 }] })).rejects.toMatchObject({
    code: "conflict",
  });
  await expect(extend(experiment, { methods: ["sorcery"] })).rejects.toMatchObject({
    code: "invalid-spec",
    errors: [{ field: "methods[1]" }],
  });
  await expect(extend(await kit.submit(onlyTrain), { budgets: [{ percent: 10 }] })).rejects.toMatchObject({
    code: "invalid-spec",
    errors: [{ field: "budgets" }],
  });
  expect(await kit.db.prisma.specRevision.count()).toBe(2);
});

test("an experiment keeps its version of the data, whatever was registered since", async () => {
  const experiment = await kit.submit(onlyTrain);
  await registerDataset(kit.deps, {
    ...kit.dataset,
    version: "f".repeat(64),
    splits: { train: 9, validation: 9, test: 9 },
  });
  await extend(experiment, { seeds: [2] });
  const versions = await kit.db.prisma.stageRun.findMany({ select: { datasetVersion: true } });
  expect(new Set(versions.map(({ datasetVersion }) => datasetVersion))).toEqual(new Set([kit.dataset.version]));
});

test("what is paused, and another team's, is neither retried nor extended", async () => {
  const experiment = await kit.submit();
  const stranger = { identity: await kit.caller("studio"), ...experiment };
  await expect(retryExperiment(kit.deps, stranger)).rejects.toMatchObject({ code: "not-found" });
  await pauseExperiment(kit.deps, { identity, ...experiment });
  await expect(retry(experiment)).rejects.toMatchObject({ code: "conflict" });
  await expect(extend(experiment, { seeds: [2] })).rejects.toMatchObject({ code: "conflict" });
});

test.each([
  ["a retry", retry],
  ["an extension", (experiment: Experiment) => extend(experiment, { seeds: [3] })],
])("%s of an active experiment waits for a completion with no lock that the completion wants", async (_, revise) => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  await kit.submit({ ...onlyTrain, seeds: [1, 3] }); // goes on with the stage runs of both
  // As where another stage of the trial has failed.
  await kit.db.prisma.need.updateMany({
    where: { trial: { experimentId: experiment.experimentId, seed: 1 } },
    data: { releasedAt: new Date() },
  });
  const completion = new Client({ connectionString: kit.databaseUrl });
  await completion.connect();
  try {
    await completion.query("begin");
    await completion.query("select from stage_run where seed <> 2 for update");
    const revised = revise(experiment);
    await vi.waitFor(async () => {
      const waiting = await kit.db.prisma.$queryRaw`select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      expect(waiting).toHaveLength(1);
    }, 10_000);
    await completion.query("select from experiment for update nowait");
    await completion.query("commit");
    expect(await revised).toMatchObject({ state: "active" });
  } finally {
    await completion.end();
  }
});

test("of two retries at once one comes first, and the other finds nothing left to retry", async () => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  await run(await kit.worker(), () => true);
  const answers = await Promise.allSettled([retry(experiment), retry(experiment)]);
  expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(answers.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "conflict" } });
});
