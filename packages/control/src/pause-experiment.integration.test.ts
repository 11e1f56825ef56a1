import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  type Caller,
  cancelExperiment,
  claimAttempt,
  dispatch,
  getExperiment,
  listAttempts,
  pauseExperiment,
  readDemand,
  releaseAttempt,
  resumeExperiment,
  setPriority,
  stopWhatIsPaused,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

const onlyTrain = { until: "train", budgets: undefined } as const;
const pause = ({ experimentId }: { experimentId: string }) => pauseExperiment(kit.deps, { identity, experimentId });
const resume = ({ experimentId }: { experimentId: string }) => resumeExperiment(kit.deps, { identity, experimentId });
const states = async ({ experimentId: id }: { experimentId: string }) => {
  const { state, stageRuns } = await getExperiment(kit.deps, { identity, id });
  return [state, ...stageRuns.map((run) => run.state)];
};

test("a paused experiment gets no slot until it is resumed", async () => {
  const experiment = await kit.submit(onlyTrain);
  const workerId = await kit.worker();
  expect(await pause(experiment)).toMatchObject({ state: "paused", reason: "paused by member of lab" });
  expect(await dispatch(kit.deps)).toEqual([]);
  expect(await readDemand(kit.deps)).toMatchObject([{ pool: "default", ready: 0 }]);
  expect(await resume(experiment)).toMatchObject({ state: "active", reason: null });
  expect(kit.published.at(-1)).toBe("dispatch");
  await kit.drain(workerId);
  expect(await states(experiment)).toEqual(["finished", "succeeded"]);
});

test("pausing twice is pausing once, and so is resuming; what has ended can be neither", async () => {
  const experiment = await kit.submit(onlyTrain);
  await pause(experiment);
  expect(await pause(experiment)).toMatchObject({ state: "paused" });
  await resume(experiment);
  expect(await resume(experiment)).toMatchObject({ state: "active" });
  await cancelExperiment(kit.deps, { identity, ...experiment });
  await expect(pause(experiment)).rejects.toMatchObject({ code: "conflict" });
  await expect(resume(experiment)).rejects.toMatchObject({ code: "conflict" });
  const actions = (await kit.db.prisma.auditEvent.findMany({ orderBy: { id: "asc" } })).map(({ action }) => action);
  expect(actions).toEqual(["create", "pause", "resume", "cancel"].map((word) => `experiment.${word}`));
});

test("what is queued for it alone is ready again, and its job finds nothing to claim", async () => {
  const experiment = await kit.submit(onlyTrain);
  const workerId = await kit.worker();
  const [{ attemptId, stageRunId } = { attemptId: "", stageRunId: "" }] = await dispatch(kit.deps);
  await pause(experiment);
  expect(await states(experiment)).toEqual(["paused", "ready"]);
  expect(await claimAttempt(kit.deps, { attemptId, workerId })).toEqual({ outcome: "superseded" });
  expect(await dispatch(kit.deps)).toEqual([]);
  await resume(experiment);
  await kit.drain(workerId);
  const attempts = await listAttempts(kit.deps, { identity, stageRunId });
  expect(attempts.map(({ state }) => state)).toEqual(["cancelled", "succeeded"]);
});

test("what runs for it alone stops with a checkpoint, and goes on after it is resumed", async () => {
  const experiment = await kit.submit(onlyTrain);
  const workerId = await kit.worker();
  const [born] = await dispatch(kit.deps);
  const claim = await kit.claim(born?.attemptId as string, workerId);
  await pause(experiment);
  const beat = await beatAttempt(kit.deps, claim);
  expect(beat).toEqual({ answer: "stop", how: "checkpoint" });
  await releaseAttempt(kit.deps, { ...claim, as: "preempted", step: 7 });
  expect(await states(experiment)).toEqual(["paused", "ready"]);
  expect(await dispatch(kit.deps)).toEqual([]);
  await resume(experiment);
  expect(await dispatch(kit.deps)).toHaveLength(1);
});

test("what another experiment needs too goes on, and is held when that one is paused as well", async () => {
  const [first, second] = [await kit.submit(onlyTrain), await kit.submit(onlyTrain)];
  const workerId = await kit.worker();
  const [born] = await dispatch(kit.deps);
  const claim = await kit.claim(born?.attemptId as string, workerId);
  await pause(first);
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "go on" });
  await pause(second);
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "stop", how: "checkpoint" });
});

test("what others finish meanwhile ends it when it is resumed", async () => {
  const [first, second] = [await kit.submit(onlyTrain), await kit.submit(onlyTrain)];
  await pause(first);
  await kit.drain(await kit.worker());
  expect(await states(second)).toEqual(["finished", "succeeded"]);
  expect(await states(first)).toEqual(["paused", "succeeded"]);
  expect(await resume(first)).toMatchObject({ state: "finished" });
});

test("what a dispatcher gave a slot while it was being paused is taken off it", async () => {
  const experiment = await kit.submit(onlyTrain);
  await kit.worker();
  await pause(experiment);
  await kit.db.prisma.$executeRaw`update experiment set state = 'active'`;
  await dispatch(kit.deps);
  await kit.db.prisma.$executeRaw`update experiment set state = 'paused'`; // as if the pause had come between
  expect(await states(experiment)).toEqual(["paused", "active"]);
  await stopWhatIsPaused(kit.deps);
  expect(await states(experiment)).toEqual(["paused", "ready"]);
});

test("a new priority changes whose turn it is", async () => {
  const [first, second] = [
    await kit.submit({ ...onlyTrain, seeds: [1] }),
    await kit.submit({ ...onlyTrain, seeds: [2] }),
  ];
  await setPriority(kit.deps, { identity, ...second, priority: "high" });
  await kit.worker();
  const [born] = await dispatch(kit.deps);
  const { stageRuns } = await getExperiment(kit.deps, { identity, id: second.experimentId });
  expect(born?.stageRunId).toBe(stageRuns[0]?.id);
  await cancelExperiment(kit.deps, { identity, ...first });
  await expect(setPriority(kit.deps, { identity, ...first, priority: "low" })).rejects.toMatchObject({
    code: "conflict",
  });
});

test("only a member of its team may pause, resume or give another priority", async () => {
  const { experimentId } = await kit.submit(onlyTrain);
  const stranger = { identity: await kit.caller("studio"), experimentId };
  const viewer = { identity: await kit.caller("lab", "viewer"), experimentId };
  for (const command of [pauseExperiment, resumeExperiment]) {
    await expect(command(kit.deps, stranger)).rejects.toMatchObject({ code: "not-found" });
    expect(() => command(kit.deps, viewer)).toThrow(expect.objectContaining({ code: "forbidden" }));
  }
  await expect(setPriority(kit.deps, { ...stranger, priority: "high" })).rejects.toMatchObject({ code: "not-found" });
});
