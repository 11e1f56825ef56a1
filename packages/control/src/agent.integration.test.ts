import { sql } from "@reluctant/db";
import { type Claim, type Kit, resultOf, setup } from "@reluctant/testkit";
import { afterEach, expect, test } from "vitest";
import { beatAttempt, beatWorker, createAgent, type Deps, dispatch } from "./index.ts";

let kit: Kit;
afterEach(() => kit.close());

/** Trials of one experiment that end after training, each queued, and a worker for each. */
async function queued(trials: number) {
  kit = await setup();
  const workers = await Promise.all(Array.from({ length: trials }, () => kit.worker()));
  const seeds = Array.from({ length: trials }, (_, seed) => seed);
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined, seeds });
  const attempts = (await dispatch(kit.deps)).map(({ attemptId }) => attemptId);
  expect(attempts).toHaveLength(trials);
  const claims = attempts.map((attemptId, place) => ({ attemptId, workerId: workers[place] as string }));
  return { experimentId, workers, attempts, claims };
}

async function running(trials: number) {
  const { claims, ...rest } = await queued(trials);
  const held: Claim[] = [];
  for (const { attemptId, workerId } of claims) held.push(await kit.claim(attemptId, workerId));
  return { ...rest, held };
}

const completionOf = async (claim: Claim) => ({
  attemptId: claim.attemptId,
  epoch: claim.epoch,
  result: resultOf(claim.assignment.params),
  artifacts: await kit.artifactsOf(claim),
});

/** Counts how often the named statements are asked. */
function counting(deps: Deps, asked: Record<string, number>): Deps {
  const { db } = deps;
  const count = (name: string) => (asked[name] = (asked[name] ?? 0) + 1);
  return {
    ...deps,
    db: {
      ...db,
      many: (statement, values) => {
        count(statement.name);
        return db.many(statement, values);
      },
      tx: (work) => {
        count("transaction");
        return db.tx(work);
      },
    },
  };
}

test("what slots ask at the same moment is one statement, or one transaction, and each has its own answer", async () => {
  const { experimentId, claims, attempts } = await queued(8);
  const asked: Record<string, number> = {};
  const agent = createAgent(counting(kit.deps, asked));
  const answers = await Promise.all(claims.map((claim) => agent.claimAttempt(claim)));
  const held = answers.map((answer) => {
    if (answer.outcome !== "claimed") throw new Error(JSON.stringify(answer));
    return { attemptId: answer.assignment.attemptId, epoch: answer.epoch, assignment: answer.assignment };
  });
  expect(held.map(({ attemptId }) => attemptId)).toEqual(attempts);
  const beats = held.map(({ attemptId, epoch }, place) =>
    agent.beatAttempt({ attemptId, epoch: place === 3 ? epoch + 1 : epoch }),
  );
  expect(await Promise.all(beats)).toEqual(held.map((_, place) => ({ answer: place === 3 ? "stale" : "go on" })));
  const completions = await Promise.all(held.map(completionOf));
  const ends = await Promise.all(
    completions.map((completion, place) =>
      agent.completeAttempt(place === 3 ? { ...completion, epoch: completion.epoch + 1 } : completion),
    ),
  );
  expect(ends.map(({ outcome }) => outcome)).toEqual(held.map((_, at) => (at === 3 ? "superseded" : "completed")));
  expect(asked).toEqual({ "claim-attempts": 1, "beat-attempts": 1, transaction: 1 });
  expect(await kit.db.prisma.experiment.findUnique({ where: { id: experimentId } })).toMatchObject({ state: "active" });
  expect(await agent.completeAttempt(completions[3] as (typeof completions)[number])).toEqual({ outcome: "completed" });
  const experiment = await kit.db.prisma.experiment.findUnique({ where: { id: experimentId } });
  expect(experiment).toMatchObject({ state: "finished" });
  expect(await kit.db.prisma.frontierPoint.count()).toBe(8);
});

test("one whose result cannot be written fails alone, and is told why", async () => {
  const { held } = await running(3);
  const agent = createAgent(kit.deps);
  const completions = await Promise.all(held.map(completionOf));
  const [, broken] = completions;
  for (const artifact of broken?.artifacts ?? []) artifact.sha256 = "f".repeat(64); // nobody stored it
  const ends = await Promise.allSettled(completions.map(agent.completeAttempt));
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const states = await kit.db.prisma.attempt.findMany({ select: { id: true, state: true } });
  const stateOf = new Map(states.map(({ id, state }) => [id, state]));
  expect(held.map(({ attemptId }) => stateOf.get(attemptId))).toEqual(["succeeded", "running", "succeeded"]);
});

test("two agents that claim and complete the same in opposite orders get each once, and none waits for the other for ever", async () => {
  const { experimentId, claims } = await queued(8);
  const agents = [createAgent(kit.deps), createAgent(kit.deps)] as const;
  const others = await Promise.all(claims.map(() => kit.worker()));
  const crossing = claims.map(({ attemptId }, place) => ({ attemptId, workerId: others[place] as string })).reverse();
  const [ours, theirs] = await Promise.all([
    Promise.all(claims.map(agents[0].claimAttempt)),
    Promise.all(crossing.map(agents[1].claimAttempt)),
  ]);
  const claimed = [...ours, ...theirs].flatMap((answer) => (answer.outcome === "claimed" ? [answer] : []));
  expect(claimed.map(({ assignment }) => assignment.attemptId).sort()).toEqual(
    claims.map(({ attemptId }) => attemptId).sort(),
  );
  expect([...ours, ...theirs].filter(({ outcome }) => outcome === "superseded")).toHaveLength(8);
  const completions = await Promise.all(
    claimed.map(({ assignment, epoch }) => completionOf({ attemptId: assignment.attemptId, epoch, assignment })),
  );
  const ends = await Promise.all([
    ...completions.map(agents[0].completeAttempt),
    ...completions.toReversed().map(agents[1].completeAttempt),
  ]);
  const outcomes = ends.map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === "completed")).toHaveLength(8);
  expect(outcomes.filter((outcome) => outcome === "superseded")).toHaveLength(8);
  const ended = await kit.db.prisma.event.findMany({ where: { experimentId, type: "experiment.changed" } });
  expect(ended.map(({ data }) => (data as { state: string }).state)).toEqual(["finished"]);
  const { _sum } = await kit.db.prisma.stageRun.aggregate({ _sum: { epoch: true } });
  expect(_sum.epoch).toBe(8);
});

test("an attempt, or a worker, that another transaction holds is waited for alone; what is asked beside it is answered", async () => {
  const { held, workers } = await running(3);
  const agent = createAgent(kit.deps);
  const [stuck] = held as [Claim];
  const answered: string[] = [];
  const note = (name: string) => () => void answered.push(name);
  const completions = await Promise.all(held.map(completionOf));
  let all: Promise<unknown>[] = [];
  await kit.db.tx(async (t) => {
    await t.one(sql.lockAttempt, { attemptId: stuck.attemptId });
    await t.one(sql.waitForWorker, { workerId: workers[0] as string });
    all = [
      ...held.map(({ attemptId, epoch }, at) => agent.beatAttempt({ attemptId, epoch }).then(note(`beat ${at}`))),
      ...workers.map((workerId, at) => agent.beatWorker({ workerId, state: "busy" }).then(note(`worker ${at}`))),
      ...completions.map((completion, at) => agent.completeAttempt(completion).then(note(`completion ${at}`))),
    ];
    await Promise.all(all.filter((_, at) => at % 3 !== 0));
    expect(answered.sort()).toEqual(["beat 1", "beat 2", "completion 1", "completion 2", "worker 1", "worker 2"]);
  });
  await Promise.all(all);
  expect(answered).toHaveLength(9);
  expect(await beatAttempt(kit.deps, stuck)).toEqual({ answer: "stale" });
  expect(await beatWorker(kit.deps, { workerId: workers[0] as string, state: "idle" })).toEqual({ answer: "go on" });
});
