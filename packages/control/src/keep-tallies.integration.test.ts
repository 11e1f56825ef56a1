import type { TrainingParams } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { type Claim, type Kit, resultOf, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  type Caller,
  cancelExperiment,
  dispatch,
  extendExperiment,
  failAttempt,
  keepTallies,
  listExperiments,
  pauseExperiment,
  releaseAttempt,
  resumeExperiment,
  retryExperiment,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

/** An experiment that is tallied, small as it is. */
async function submitTallied(change: Parameters<Kit["submit"]>[0]): Promise<string> {
  const { experimentId } = await kit.submit(change);
  await kit.db.run(sql.wantTally, { experimentId });
  await keepTallies(kit.deps);
  return experimentId;
}

/** What is told of an experiment by its tally, none where that does not hold; and what counting says. */
async function told(experimentId: string): Promise<{ tallied: unknown; counted: unknown }> {
  const rows = (from: string) =>
    kit.db.prisma.$queryRawUnsafe<unknown[]>(`select * from ${from} where id = '${experimentId}'`);
  const [tallied] = await rows("tallied_experiment_summary");
  const [counted] = await rows("experiment_summary");
  return { tallied: rounded(tallied), counted: rounded(counted) };
}

/** Sums of the same numbers in another order differ in their last digits. */
const rounded = (row: unknown): unknown =>
  JSON.parse(JSON.stringify(row ?? null, (_, value) => (typeof value === "number" ? Number(value.toFixed(9)) : value)));

/** Brings a tally that holds up to now, however little there is to add. */
async function fold(): Promise<void> {
  for (const { experimentId, snapshot, holds } of await kit.db.many(sql.dueTallies, { many: 0 }))
    if (holds) await kit.db.run(sql.foldTally, { experimentId, snapshot });
}

const failure = { code: "child-exit", fatal: false, message: "exit 139", step: null } as const;

/** All that happens to stage runs: one thing after the other. */
async function* life(experimentId: string): AsyncGenerator<string> {
  const worker = await kit.worker();
  const begin = async (): Promise<Claim> => {
    await dispatch(kit.deps);
    const queued = await kit.db.prisma.attempt.findFirstOrThrow({ where: { state: "queued" } });
    return kit.claim(queued.id, worker);
  };
  let claim = await begin();
  yield "one begins";
  const { steps } = claim.assignment.params as TrainingParams;
  await beatAttempt(kit.deps, {
    ...claim,
    progress: { step: 1, totalSteps: steps, imagesPerSecond: 100, loss: 2.3 },
  });
  yield "it gets on";
  await releaseAttempt(kit.deps, { ...claim, as: "preempted", step: null });
  yield "it gives its slot back";
  claim = await begin();
  await failAttempt(kit.deps, { ...claim, failure });
  yield "an attempt fails";
  claim = await begin();
  await kit.succeed(claim);
  yield "a stage run succeeds";
  await kit.succeed(await begin(), 0.8);
  yield "another succeeds";
  await pauseExperiment(kit.deps, { identity, experimentId });
  yield "it is paused";
  await resumeExperiment(kit.deps, { identity, experimentId });
  yield "it goes on";
  claim = await begin();
  await failAttempt(kit.deps, { ...claim, failure: { ...failure, fatal: true } });
  yield "a stage run fails for good, with all that needs it";
  await extendExperiment(kit.deps, { identity, experimentId, extension: { budgets: [{ percent: 30 }] } });
  yield "it is extended";
  await kit.succeed(await begin(), 0.7);
  await begin();
  yield "one more begins";
  await cancelExperiment(kit.deps, { identity, experimentId });
  yield "it is cancelled";
  await retryExperiment(kit.deps, { identity, experimentId });
  yield "it is retried";
}

test.each([1, 3, 100])("a tally that is brought up to now each %i steps tells what counting tells", async (each) => {
  const experimentId = await submitTallied({ budgets: ["10%", "20%"], seeds: [1, 2] });
  await kit.submit({ budgets: ["10%"], seeds: [1] }); // goes on with what is shared when that is cancelled
  let step = 0;
  for await (const what of life(experimentId)) {
    const before = await told(experimentId);
    if (before.tallied !== null) expect(before.tallied, what).toEqual(before.counted);
    await keepTallies(kit.deps);
    if (++step % each === 0) await fold();
    const { tallied, counted } = await told(experimentId);
    expect(tallied, what).toEqual(counted);
  }
  expect(step).toBe(13);
});

test("what was on its way when a tally was counted is added when it has come", async () => {
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined });
  await kit.db.run(sql.wantTally, { experimentId });
  const worker = await kit.worker();
  const [born] = await dispatch(kit.deps);
  const claim = await kit.claim(born?.attemptId ?? "", worker);
  const { attemptId, assignment } = claim;
  await kit.db.tx(async (t) => {
    await t.one(sql.lockAttempt, { attemptId });
    await t.one(sql.completeAttempts, {
      completions: [{ attemptId, result: resultOf(assignment.params), artifacts: [] }],
    });
    await keepTallies(kit.deps);
    expect(await told(experimentId)).toMatchObject({ tallied: { succeeded: 0, active: 1 } });
  });
  const { tallied, counted } = await told(experimentId);
  expect(tallied).toMatchObject({ succeeded: 1, active: 0 });
  expect(tallied).toEqual(counted);
});

test("a page tells the same of experiments with a tally as of others, and of those whose tally holds no more", async () => {
  const experimentId = await submitTallied({ budgets: ["10%"] });
  await kit.submit({ until: "train", budgets: undefined, seeds: [2] });
  await kit.drain(await kit.worker());
  const page = async () => (await listExperiments(kit.deps, { identity, limit: 5 })).items;
  const before = await page();
  expect(before.map(({ progress }) => progress.succeeded)).toEqual([1, 4]);
  await kit.db.prisma.experimentTally.update({ where: { experimentId }, data: { at: new Date(0) } }); // events may have gone
  expect(await told(experimentId)).toMatchObject({ tallied: null });
  expect(rounded(await page())).toEqual(rounded(before));
});
