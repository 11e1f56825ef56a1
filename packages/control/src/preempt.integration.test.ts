import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  type Caller,
  changeTeamShare,
  dispatch,
  explainWaiting,
  getExperiment,
  preempt,
  releaseAttempt,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

const submit = (seed: number, priority: "low" | "normal" | "high") =>
  kit.submit({ until: "train", budgets: undefined, seeds: [seed], priority });
const stageRunOf = async ({ experimentId: id }: { experimentId: string }) => {
  const { stageRuns } = await getExperiment(kit.deps, { identity, id });
  return stageRuns[0]?.id as string;
};

/** A low one runs on the only worker, two more lie in the queue. */
async function occupied() {
  const workerId = await kit.worker();
  const low = [await submit(1, "low"), await submit(2, "low"), await submit(3, "low")];
  const [first] = await dispatch(kit.deps);
  return { claim: await kit.claim(first?.attemptId as string, workerId), low };
}

test("an urgent stage run gets the slot of one of a lower class, which goes on later", async () => {
  const { claim, low } = await occupied();
  const urgent = await submit(9, "high");
  expect(await preempt(kit.deps)).toEqual([]); // the other began just now
  await kit.db.prisma
    .$executeRaw`update attempt set started_at = started_at - interval '3 minutes' where started_at is not null`;
  expect((await preempt(kit.deps)).map(({ attemptId }) => attemptId)).toContain(claim.attemptId);
  expect(await preempt(kit.deps)).toEqual([]); // its slot comes free
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "stop", how: "checkpoint" });
  await releaseAttempt(kit.deps, { ...claim, as: "preempted", step: 5 });
  const born = await dispatch(kit.deps);
  expect(born[0]?.stageRunId).toBe(await stageRunOf(urgent));
  const states = await kit.db.prisma.attempt.groupBy({ by: ["state"], _count: true, orderBy: { state: "asc" } });
  expect(states.map(({ state }) => state)).toEqual(["cancelled", "preempted", "queued"]);
  expect(await stageRunOf(low[0] as (typeof low)[number])).toBe(claim.assignment.stageRunId);
});

test("a team over its quota has nobody give way, whatever its class", async () => {
  await occupied();
  await kit.db.prisma
    .$executeRaw`update attempt set started_at = started_at - interval '3 minutes' where started_at is not null`;
  const studio = await kit.caller("studio");
  await kit.submit({ until: "train", budgets: undefined, seeds: [9], priority: "high" }, studio);
  await kit.db.prisma.$executeRaw`insert into usage (team_id, seconds) values (${studio.teamId}::uuid, 100)`;
  const share = (quota: number | null) =>
    changeTeamShare(kit.deps, { identity: { ...studio, role: "admin" }, name: "studio", change: { quota } });
  await share(50);
  expect(await preempt(kit.deps)).toEqual([]);
  await share(null);
  expect(await preempt(kit.deps)).not.toEqual([]);
});

test("one of the same class waits for its turn, and is told why", async () => {
  const { claim } = await occupied();
  await kit.db.prisma
    .$executeRaw`update attempt set started_at = started_at - interval '3 minutes' where started_at is not null`;
  const [first, second] = [await submit(8, "low"), await submit(9, "low")];
  expect(await preempt(kit.deps)).toEqual([]);
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "go on" });
  const why = async (experiment: { experimentId: string }) =>
    (await explainWaiting(kit.deps, { identity, stageRunId: await stageRunOf(experiment) })).waiting;
  expect(await why(first)).toEqual({
    code: "next",
    message: "it is the next to get the one slot of pool default, 0 free",
  });
  expect(await why(second)).toEqual({ code: "queue", message: expect.stringMatching(/^1 other of its kind/) });
  const { waiting } = await explainWaiting(kit.deps, { identity, stageRunId: claim.assignment.stageRunId });
  expect(waiting).toBeNull();
});

test("what waits for inputs, a worker or its owner says so", async () => {
  const experiment = await kit.submit();
  const { stageRuns } = await getExperiment(kit.deps, { identity, id: experiment.experimentId });
  const why = async (kind: string) => {
    const stageRunId = stageRuns.find((run) => run.kind === kind)?.id as string;
    return (await explainWaiting(kit.deps, { identity, stageRunId })).waiting;
  };
  expect(await why("train")).toEqual({ code: "no-worker", message: "no worker of pool default is running" });
  expect(await why("distillation")).toMatchObject({
    code: "inputs",
    message: expect.stringMatching(/train \(ready\)/),
  });
  await kit.worker();
  expect(await why("train")).toMatchObject({ code: "next" });
  await expect(
    explainWaiting(kit.deps, { identity: await kit.caller("studio"), stageRunId: stageRuns[0]?.id as string }),
  ).rejects.toMatchObject({ code: "not-found" });
});

/** Two stage runs of a low class, and of another kind than those of `submit`. */
const ofAnotherKind = () => kit.submit({ until: "sensitivity", budgets: undefined, seeds: [1, 2], priority: "low" });

test("a free slot goes to the highest class among all kinds, and nothing lower lies in the queues beside it", async () => {
  await ofAnotherKind();
  const urgent = await submit(9, "high");
  const workerId = await kit.worker();
  const born = await dispatch(kit.deps);
  expect(born.map(({ stageRunId }) => stageRunId)).toEqual([await stageRunOf(urgent)]);
  await kit.succeed(await kit.claim(born[0]?.attemptId as string, workerId));
  expect((await dispatch(kit.deps)).map(({ kind }) => kind)).toEqual(["sensitivity", "sensitivity"]);
});

test("what lies in another kind's queue goes back for a higher class, and what was claimed meanwhile keeps its slot", async () => {
  await ofAnotherKind();
  const workerId = await kit.worker();
  const low = await dispatch(kit.deps);
  expect(low.map(({ kind }) => kind)).toEqual(["sensitivity", "sensitivity"]);
  const running = await kit.claim(low[0]?.attemptId as string, workerId);
  const urgent = await submit(9, "high");
  expect(await dispatch(kit.deps)).toEqual([]); // no slot is free, nor will be soon
  const states = await kit.db.prisma.attempt.findMany({ where: { id: { in: low.map((one) => one.attemptId) } } });
  expect(states.map(({ state }) => state).sort()).toEqual(["cancelled", "running"]);
  await kit.succeed(running);
  expect((await dispatch(kit.deps)).map(({ stageRunId }) => stageRunId)).toEqual([await stageRunOf(urgent)]);
});
