import { sql } from "@reluctant/db";
import { bytesOf, type Claim, type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  beatWorker,
  dispatch,
  expireLeases,
  failAttempt,
  getExperiment,
  handBackAttempt,
  leaveWorker,
  recordCheckpoint,
} from "./index.ts";

let kit: Kit;
let stageRunId: string;
let experimentId: string;
/** Those that live, by name. */
let living: Map<string, string>;
beforeEach(async () => {
  kit = await setup();
  living = new Map();
  ({ experimentId } = await kit.submit({ until: "train", budgets: undefined }));
  stageRunId = (await kit.db.prisma.stageRun.findFirstOrThrow()).id;
});
afterEach(() => kit.close());

const stageRun = () => kit.db.prisma.stageRun.findUniqueOrThrow({ where: { id: stageRunId } });

/** Time passes, and whoever lives has beaten since. */
async function pass(seconds: number): Promise<void> {
  await kit.pass(seconds);
  for (const workerId of living.values()) await beatWorker(kit.deps, { workerId, state: "idle" });
}

async function start(name: string): Promise<string> {
  const workerId = living.get(name) ?? (await kit.worker({ name }));
  living.set(name, workerId);
  return workerId;
}

/** The run's next attempt, on the worker of this name. */
async function claimOn(name: string): Promise<Claim> {
  const workerId = await start(name);
  const [born] = await dispatch(kit.deps);
  if (!born) throw new Error("the stage run was not dispatched");
  return kit.claim(born.attemptId, workerId);
}

/** A worker ends without a word: its lease runs out, and then the time in which another loss would excuse it. */
async function die(name: string): Promise<void> {
  living.delete(name);
  for (let lease = 0; lease < 2; lease++) {
    await pass(16);
    await expireLeases(kit.deps);
  }
  await pass(60);
}

/** The run's attempts take these workers with them, one after the other. */
async function kill(...names: string[]): Promise<void> {
  for (const name of names) {
    await claimOn(name);
    await die(name);
  }
}

const cluster = async (...names: string[]) => {
  for (const name of names) await start(name);
};

async function checkpoint(claim: Claim, step: number): Promise<void> {
  const { attemptId } = claim;
  const stored = await kit.deps.artifacts.put({ attemptId, mediaType: "text/plain", bytes: bytesOf(`step ${step}`) });
  expect(await recordCheckpoint(kit.deps, { ...claim, step, sha256: stored.sha256 })).toBe("written");
}

test("an input that kills its worker five times in a row, on three workers, is poisonous, and its history is told", async () => {
  await cluster("gpu-1", "gpu-2", "gpu-3", "gpu-4");
  await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1");
  expect(await stageRun()).toMatchObject({ state: "ready", failures: 0 });
  await kill("gpu-2");
  const { state, reason } = await stageRun();
  expect(state).toBe("failed");
  const when = String.raw`\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)`;
  expect(reason).toMatch(
    new RegExp(`^poisonous: .*:\\ngpu-1 ${when}, gpu-2 ${when}, gpu-3 ${when}, gpu-1 ${when}, gpu-2 ${when}$`),
  );
  const experiment = await getExperiment(kit.deps, { identity: await kit.caller(), id: experimentId });
  expect(experiment).toMatchObject({ state: "failed", reason: expect.stringContaining("poisonous") });
});

test("losses on two workers prove nothing while a third is there, and enough once there is none", async () => {
  await cluster("gpu-1", "gpu-2", "gpu-3");
  await kill("gpu-1", "gpu-2", "gpu-1", "gpu-2", "gpu-1", "gpu-2");
  expect(await stageRun()).toMatchObject({ state: "ready" });
  await leaveWorker(kit.deps, { workerId: living.get("gpu-3") as string });
  living.delete("gpu-3");
  await kill("gpu-1");
  expect((await stageRun()).reason).toMatch(/^poisonous/);
});

test("where there is one worker, it is enough that it was lost five times", async () => {
  await kill("only", "only", "only", "only");
  expect(await stageRun()).toMatchObject({ state: "ready" });
  await kill("only");
  expect((await stageRun()).reason).toMatch(/^poisonous/);
});

test("a checkpoint between two losses begins the row anew", async () => {
  await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1");
  await checkpoint(await claimOn("gpu-2"), 10);
  await die("gpu-2");
  await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1");
  expect(await stageRun()).toMatchObject({ state: "ready" });
  await kill("gpu-2");
  expect(await stageRun()).toMatchObject({ state: "failed" });
});

test.each(["that runs another stage run", "that is idle", "that is replaced at once"])(
  "a loss does not count within a lease of that of another worker %s",
  async (kind) => {
    await kit.submit({ until: "train", budgets: undefined, seeds: [7] });
    const { id: other } = await kit.db.prisma.stageRun.findFirstOrThrow({ where: { id: { not: stageRunId } } });
    const enable = (state: "ready" | "blocked") =>
      kit.db.prisma.stageRun.update({ where: { id: other }, data: { state, waitingFor: state === "ready" ? 0 : 1 } });
    await enable("blocked");
    for (const name of ["gpu-1", "gpu-2", "gpu-3", "gpu-1", "gpu-2", "gpu-3"]) {
      const victim = await start("victim");
      await claimOn(name);
      if (kind === "that runs another stage run") {
        await enable("ready");
        const [born] = await dispatch(kit.deps);
        await kit.claim(born?.attemptId as string, victim);
      }
      await pass(10);
      living.delete("victim");
      if (kind === "that is replaced at once") await start("victim");
      await die(name);
      if (kind === "that runs another stage run") await enable("blocked");
    }
    expect(await stageRun()).toMatchObject({ state: "ready" });
    await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1", "gpu-2"); // alone, each counts
    expect(await stageRun()).toMatchObject({ state: "failed" });
  },
);

test("a worker that leaves in peace excuses no loss beside it", async () => {
  await cluster("leaving");
  await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1");
  await claimOn("gpu-2");
  await pass(10);
  await leaveWorker(kit.deps, { workerId: living.get("leaving") as string });
  living.delete("leaving");
  await die("gpu-2");
  expect(await stageRun()).toMatchObject({ state: "failed" });
});

test("the fifth loss waits for what may turn up beside it, and a beat meanwhile saves the attempt", async () => {
  await cluster("gpu-4");
  await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1");
  const claim = await claimOn("gpu-2");
  await pass(16);
  expect(await expireLeases(kit.deps)).toEqual([]);
  expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "go on" });
  await pass(10);
  living.clear();
  await pass(6);
  expect(await expireLeases(kit.deps)).toEqual([]);
  await pass(10);
  expect(await expireLeases(kit.deps)).toMatchObject([{ stageRunId }]); // gpu-4 was lost, too
  expect(await stageRun()).toMatchObject({ state: "ready" });
});

test("a fifth loss that is handed back waits for what may turn up beside it, too", async () => {
  await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1");
  const claim = await claimOn("gpu-2");
  expect(await handBackAttempt(kit.deps, claim)).toEqual({ outcome: "left" });
  expect(await stageRun()).toMatchObject({ state: "active" });
  await die("gpu-2");
  expect(await stageRun()).toMatchObject({ state: "failed" });
});

test("to the circuit breaker a poisonous run ended by its losses, not by a failure that it had before", async () => {
  await kit.submit({ until: "train", budgets: undefined, seeds: [1, 2] }); // goes on when the run has failed
  const failure = { code: "child-exit", fatal: false, message: "exit 139", step: null } as const;
  await failAttempt(kit.deps, { ...(await claimOn("gpu-1")), failure });
  await kill("gpu-1", "gpu-2", "gpu-3", "gpu-1", "gpu-2");
  expect(await kit.db.many(sql.latestOutcomes, { stageRunId, limit: 3 })).toMatchObject([
    { outcomes: [{ code: "internal", message: expect.stringMatching(/^poisonous/) }] },
  ]);
});
