import type { Trial, TrialFilter } from "@reluctant/contracts";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  type Caller,
  changeTrial,
  changeTrials,
  dispatch,
  explainWaiting,
  failAttempt,
  getExperiment,
  getTrial,
  listTrials,
  pauseExperiment,
  preempt,
  releaseAttempt,
  resumeExperiment,
  type TrialChange,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

/** Trials of one stage run each: nothing is shared. */
const onlyTrain = { until: "train", budgets: undefined } as const;
/** Two trials of one AR model. */
const twoBudgets = { budgets: ["10%", "20%"], seeds: [1] };

const trialsOf = async ({ experimentId }: { experimentId: string }) =>
  (await listTrials(kit.deps, { identity, experimentId, limit: 50 })).items;
const statesOf = async (experiment: { experimentId: string }) => (await trialsOf(experiment)).map(({ state }) => state);
const stateOf = async ({ experimentId: id }: { experimentId: string }) =>
  (await getExperiment(kit.deps, { identity, id })).state;
const alone = (trialId: string | undefined, change: TrialChange) =>
  changeTrial(kit.deps, { identity, trialId: trialId as string, change });
const many = ({ experimentId }: { experimentId: string }, change: TrialChange, filter: TrialFilter = {}) =>
  changeTrials(kit.deps, { identity, experimentId, filter, change });

/** Dispatches and claims one attempt. */
async function start(workerId: string) {
  const [born] = await dispatch(kit.deps);
  return kit.claim(born?.attemptId as string, workerId);
}

test("a paused trial gets no slot until it is resumed, and the others go on", async () => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  const [first] = await trialsOf(experiment);
  expect(await alone(first?.id, { command: "pause" })).toMatchObject({ state: "paused" });
  const workerId = await kit.worker();
  expect(await kit.drain(workerId)).toHaveLength(1);
  expect(await statesOf(experiment)).toEqual(["paused", "succeeded"]);
  expect(await stateOf(experiment)).toBe("active");
  const stageRunId = first?.needs[0]?.stageRunId as string;
  expect(await explainWaiting(kit.deps, { identity, stageRunId })).toEqual({
    waiting: { code: "paused", message: "every trial that needs it is paused" },
  });
  expect(await alone(first?.id, { command: "resume" })).toMatchObject({ state: "waiting" });
  expect(kit.published).toContain("dispatch");
  expect(await kit.drain(workerId)).toHaveLength(1);
  expect(await stateOf(experiment)).toBe("finished");
});

test("what runs for a paused trial stops with a checkpoint only when no other trial needs it", async () => {
  const experiment = await kit.submit(twoBudgets);
  const [first, second] = await trialsOf(experiment);
  const claim = await start(await kit.worker());
  await alone(first?.id, { command: "pause" });
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "go on" });
  expect(await statesOf(experiment)).toEqual(["paused", "running"]);
  await alone(second?.id, { command: "pause" });
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "stop", how: "checkpoint" });
});

test("a cancelled trial lets go of what others need, and stops what it alone needs", async () => {
  const experiment = await kit.submit(twoBudgets);
  const [first] = await trialsOf(experiment);
  const workerId = await kit.worker();
  const [born, ...queued] = await dispatch(kit.deps);
  const claim = await kit.claim(born?.attemptId as string, workerId);
  expect(await alone(first?.id, { command: "cancel" })).toMatchObject({ state: "cancelled" });
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "go on" });
  const { stageRuns } = await getExperiment(kit.deps, { identity, id: experiment.experimentId });
  expect(stageRuns.filter(({ state }) => state === "cancelled").map(({ kind }) => kind)).toEqual([
    "mask-search",
    "distillation",
  ]);
  await kit.succeed(claim);
  for (const { attemptId } of queued) await kit.succeed(await kit.claim(attemptId, workerId));
  await kit.drain(workerId);
  expect(await statesOf(experiment)).toEqual(["cancelled", "succeeded"]);
  expect(await getExperiment(kit.deps, { identity, id: experiment.experimentId })).toMatchObject({
    state: "finished",
    reason: "1 of 2 trials cancelled",
  });
});

test("the last trial that is cancelled ends its experiment as cancelled, and one that is retried has it go on", async () => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  const claim = await start(await kit.worker());
  const trials = await trialsOf(experiment);
  const runs = ({ needs }: Trial) => needs.some(({ stageRunId }) => stageRunId === claim.assignment.stageRunId);
  const [first, second] = [trials.find(runs), trials.find((trial) => !runs(trial))];
  await alone(first?.id, { command: "cancel" });
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "stop", how: "now" });
  expect(await alone(first?.id, { command: "cancel" })).toMatchObject({ state: "cancelled" }); // twice is once
  await alone(second?.id, { command: "cancel" });
  expect(await getExperiment(kit.deps, { identity, id: experiment.experimentId })).toMatchObject({
    state: "cancelled",
    reason: "2 of 2 trials cancelled",
  });
  await releaseAttempt(kit.deps, { ...claim, as: "cancelled", step: null });
  expect(await alone(second?.id, { command: "retry" })).toMatchObject({ state: "waiting" });
  expect((await statesOf(experiment)).sort()).toEqual(["cancelled", "waiting"]);
  expect(await stateOf(experiment)).toBe("active");
});

test("of what failed one trial alone is retried, with its priority", async () => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  const failure = { code: "bad-input", fatal: true, message: "broke", step: null } as const;
  await alone((await trialsOf(experiment))[0]?.id, { command: "priority", priority: "high" });
  const workerId = await kit.worker();
  for (const { attemptId } of await dispatch(kit.deps)) {
    await failAttempt(kit.deps, { ...(await kit.claim(attemptId, workerId)), failure });
  }
  expect(await stateOf(experiment)).toBe("failed");
  const [first] = await trialsOf(experiment);
  expect(await alone(first?.id, { command: "retry" })).toMatchObject({ state: "waiting", priority: "high" });
  expect(await stateOf(experiment)).toBe("active");
  expect(await statesOf(experiment)).toEqual(["waiting", "failed"]);
  await kit.drain(workerId);
  expect(await statesOf(experiment)).toEqual(["succeeded", "failed"]);
  expect(await stateOf(experiment)).toBe("finished");
});

test("a trial's own priority decides the turn of what it needs, and a stage run has the highest of its needs", async () => {
  const experiment = await kit.submit({ ...twoBudgets, seeds: [1, 2], priority: "low" });
  const urgent = (await trialsOf(experiment)).find(({ seed, budget }) => seed === 2 && budget !== null);
  await alone(urgent?.id, { command: "priority", priority: "high" });
  await kit.worker();
  const [born] = await dispatch(kit.deps);
  expect(urgent?.needs.map(({ stageRunId }) => stageRunId)).toContain(born?.stageRunId);
  expect((await getTrial(kit.deps, { identity, id: urgent?.id as string })).priority).toBe("high");
});

test("a trial that becomes urgent has an attempt of a lower class give way", async () => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  const claim = await start(await kit.worker());
  const runs = ({ needs }: Trial) => needs.some(({ stageRunId }) => stageRunId === claim.assignment.stageRunId);
  const second = (await trialsOf(experiment)).find((trial) => !runs(trial));
  await kit.db.prisma.$executeRaw`update attempt set state = 'cancelled', ended_at = now() where state = 'queued'`;
  await kit.db.prisma
    .$executeRaw`update stage_run set state = 'ready' where id = ${second?.needs[0]?.stageRunId}::uuid`;
  await kit.pass(200);
  await kit.db.prisma.$executeRaw`update worker set last_beat_at = now()`;
  expect(await preempt(kit.deps)).toEqual([]);
  await alone(second?.id, { command: "priority", priority: "high" });
  expect(await preempt(kit.deps)).toMatchObject([{ attemptId: claim.attemptId, priority: "normal" }]);
});

test("many are changed by method, budget, seed or state; those that the command is not for stay", async () => {
  const experiment = await kit.submit({ ...twoBudgets, seeds: [1, 2], methods: ["senet", "uniform-random"] });
  const all = await trialsOf(experiment);
  const tenPercent = all[0]?.budget;
  const filter = { methods: ["senet"], budgets: [{ percent: 10 }] };
  expect(await many(experiment, { command: "pause" }, filter)).toMatchObject({ changed: 2 });
  const paused = (await trialsOf(experiment)).filter(({ state }) => state === "paused");
  expect(paused.map(({ method, budget }) => [method, budget])).toEqual([
    ["senet", tenPercent],
    ["senet", tenPercent],
  ]);
  expect(await many(experiment, { command: "pause" }, filter)).toMatchObject({ changed: 0 });
  expect(await many(experiment, { command: "cancel" }, { states: ["paused"] })).toMatchObject({ changed: 2 });
  expect(await many(experiment, { command: "priority", priority: "low" }, { seeds: [2] })).toMatchObject({
    changed: 3,
  });
  expect(await many(experiment, { command: "cancel" })).toMatchObject({
    changed: 6,
    experiment: { state: "cancelled", reason: "8 of 8 trials cancelled" },
  });
  expect(await many(experiment, { command: "retry" }, { seeds: [1] })).toMatchObject({
    changed: 4,
    experiment: { state: "active" },
  });
});

test("a trial stays paused when its experiment is paused and resumed", async () => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  const [first] = await trialsOf(experiment);
  await alone(first?.id, { command: "pause" });
  await pauseExperiment(kit.deps, { identity, ...experiment });
  await resumeExperiment(kit.deps, { identity, ...experiment });
  expect(await statesOf(experiment)).toEqual(["paused", "waiting"]);
});

test("what a command is not for is a conflict, and another team's trial is not there", async () => {
  const experiment = await kit.submit({ ...onlyTrain, seeds: [1] });
  const [trial] = await trialsOf(experiment);
  await expect(alone(trial?.id, { command: "retry" })).rejects.toMatchObject({
    code: "conflict",
    message: `trial ${trial?.id} is waiting: retry is for one that is failed or cancelled`,
  });
  const stranger = { identity: await kit.caller("studio"), trialId: trial?.id as string };
  await expect(changeTrial(kit.deps, { ...stranger, change: { command: "pause" } })).rejects.toMatchObject({
    code: "not-found",
  });
  const viewer = { identity: await kit.caller("lab", "viewer"), trialId: trial?.id as string };
  await expect(changeTrial(kit.deps, { ...viewer, change: { command: "pause" } })).rejects.toMatchObject({
    code: "forbidden",
  });
});
