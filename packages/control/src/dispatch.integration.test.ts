import { adHoc } from "@reluctant/db";
import { type Kit, setup, sha256 } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Caller,
  claimAttempt,
  claimOutbox,
  dispatch,
  electLeader,
  foldUsage,
  getExperiment,
  leaveWorker,
  listAttempts,
  markSent,
  queuedAttempts,
  resignLeader,
} from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

const onlyTrain = { until: "train", budgets: undefined } as const;
const teamOf = async (attemptId: string) =>
  (await kit.db.prisma.attempt.findUniqueOrThrow({ where: { id: attemptId }, include: { team: true } })).team.name;

test("a queue gets the pool's free slots and two more, never beyond, however often it is filled", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3, 4, 5, 6] });
  expect(await dispatch(kit.deps)).toEqual([]); // no worker, no attempt
  const workerId = await kit.worker();
  expect(await dispatch(kit.deps)).toHaveLength(3);
  expect(await dispatch(kit.deps)).toEqual([]);
  await kit.worker();
  expect(await dispatch(kit.deps)).toHaveLength(1);
  await leaveWorker(kit.deps, { workerId });
  expect(await dispatch(kit.deps)).toEqual([]);
});

test("what more waits for is announced first: a worker takes the first job that it sees", async () => {
  await kit.submit();
  await kit.worker();
  expect((await dispatch(kit.deps)).map(({ kind }) => kind)).toEqual(["train", "sensitivity"]);
});

test("two dispatchers at once make one attempt for each stage run", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2] });
  await kit.worker();
  const born = (await Promise.all([dispatch(kit.deps), dispatch(kit.deps)])).flat();
  expect(new Set(born.map(({ stageRunId }) => stageRunId)).size).toBe(2);
  expect(await kit.db.prisma.attempt.count()).toBe(2);
});

test("what no worker can run is not dispatched", async () => {
  await kit.submit(onlyTrain);
  await kit.worker({ versions: { "train/sgd": 999 } });
  await kit.worker({ pool: "other" });
  expect(await dispatch(kit.deps)).toEqual([]);
});

test("bf16 goes only to a worker that computes in it, and until there is one the reason is shown", async () => {
  const identity = await kit.caller();
  const { experimentId: id } = await kit.submit({ ...onlyTrain, precision: "bf16" }, identity);
  const reason = async () => (await getExperiment(kit.deps, { identity, id })).stageRuns[0]?.reason;
  expect(await reason()).toBe("no worker of pool default is running");
  const other = await kit.worker();
  expect(await dispatch(kit.deps)).toEqual([]);
  expect(await reason()).toBe("no worker of pool default computes in bf16");

  const where = { backend: "fake", device: "cpu", memoryBytes: 2 ** 33, threads: 2 };
  const computes = { ...where, deterministic: false, versions: { fake: "1.2" }, cpuLevel: "avx2" };
  const workerId = await kit.worker({ engine: { ...computes, precisions: ["fp32", "bf16"] } });
  expect(await reason()).toBeNull();
  const [first] = await dispatch(kit.deps);
  const attemptId = first?.attemptId as string;
  expect(await claimAttempt(kit.deps, { attemptId, workerId: other })).toEqual({
    outcome: "refused",
    reason: "the worker does not compute in bf16",
  });
  await kit.db.prisma.$executeRaw`update stage_run set retry_at = null`;
  const [second] = await dispatch(kit.deps);
  const claimed = await kit.claim(second?.attemptId as string, workerId);
  expect(claimed.assignment.precision).toBe("bf16");
  const { stageRunId } = claimed.assignment;
  expect((await listAttempts(kit.deps, { identity, stageRunId })).at(-1)?.engine).toEqual({
    ...computes,
    precision: "bf16",
  });
});

test("a higher priority goes first; among equals the team that used least of its share", async () => {
  const [busy, calm, urgent] = [await kit.caller("busy"), await kit.caller("calm"), await kit.caller("urgent")];
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3] }, busy);
  await kit.submit({ ...onlyTrain, seeds: [11, 12] }, calm);
  await kit.submit({ ...onlyTrain, seeds: [21], priority: "high" }, urgent);
  await kit.db.prisma.team.update({ where: { id: busy.teamId }, data: { gpuSeconds: 1_000 } });
  await kit.db.prisma.team.update({ where: { id: urgent.teamId }, data: { gpuSeconds: 9_000 } });
  await kit.worker();
  const teams = await Promise.all((await dispatch(kit.deps)).map(({ attemptId }) => teamOf(attemptId)));
  expect(teams.sort()).toEqual(["calm", "calm", "urgent"]);
});

test("what was used two days ago counts a quarter, and weight divides it", async () => {
  const [old, recent, heavy] = [await kit.caller("old"), await kit.caller("recent"), await kit.caller("heavy")];
  await kit.submit({ ...onlyTrain, seeds: [1, 2] }, old);
  await kit.submit({ ...onlyTrain, seeds: [11, 12] }, recent);
  await kit.submit({ ...onlyTrain, seeds: [21, 22] }, heavy);
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
  await kit.db.prisma.team.update({ where: { id: old.teamId }, data: { gpuSeconds: 800, usageAt: twoDaysAgo } }); // 200
  await kit.db.prisma.team.update({ where: { id: recent.teamId }, data: { gpuSeconds: 300 } }); // 300
  await kit.db.prisma.team.update({ where: { id: heavy.teamId }, data: { gpuSeconds: 1_000, weight: 10 } }); // 100
  await kit.worker();
  const teams = await Promise.all((await dispatch(kit.deps)).map(({ attemptId }) => teamOf(attemptId)));
  expect(teams.sort()).toEqual(["heavy", "heavy", "old"]);
});

test("an announcement is claimed by one relay, and not again once it is sent", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1, 2, 3] });
  await kit.worker();
  const born = await dispatch(kit.deps);
  const relays = await Promise.all(["a", "b"].map((holder) => claimOutbox(kit.deps, { limit: 10, holder })));
  const jobs = relays.flat();
  expect(jobs.map(({ attemptId }) => attemptId).sort()).toEqual(born.map(({ attemptId }) => attemptId).sort());
  await markSent(kit.deps, { outboxIds: jobs.slice(1).map(({ outboxId }) => outboxId) });
  await kit.db.prisma.$executeRaw`update outbox set claimed_at = now() - interval '11 seconds'`; // relay died after the first
  const again = await claimOutbox(kit.deps, { limit: 10, holder: "c" });
  expect(again.map(({ attemptId }) => attemptId)).toEqual([jobs[0]?.attemptId]);
});

test("the reconciler sees the attempts that nobody claimed", async () => {
  await kit.submit(onlyTrain);
  const workerId = await kit.worker();
  const born = await dispatch(kit.deps);
  expect(await queuedAttempts(kit.deps, { olderThanMs: 60_000 })).toEqual([]);
  expect(await queuedAttempts(kit.deps, { olderThanMs: 0 })).toEqual(born.map(({ outboxId, number, ...job }) => job));
  await kit.claim(born[0]?.attemptId ?? "", workerId);
  expect(await queuedAttempts(kit.deps, { olderThanMs: 0 })).toEqual([]);
});

test("one leader at a time, until it resigns or its lease ends", async () => {
  const elect = (holder: string, leaseSeconds = 60) =>
    electLeader(kit.deps, { name: "coordinator", holder, leaseSeconds });
  expect((await Promise.all(["a", "b", "c"].map((holder) => elect(holder)))).filter(Boolean)).toHaveLength(1);
  const { holder } = await kit.db.prisma.leader.findUniqueOrThrow({ where: { name: "coordinator" } });
  expect(await elect(holder)).toBe(true);
  expect(await elect("d")).toBe(false);
  await resignLeader(kit.deps, { name: "coordinator", holder });
  expect(await elect("d", -1)).toBe(true); // a lease that is over at once
  expect(await elect("e")).toBe(true);
});

/** A stage run of a team that held its slot for so long. */
async function charged(identity: Caller, seconds: number): Promise<void> {
  await kit.submit(onlyTrain, identity);
  const workerId = await kit.worker();
  const [born] = await dispatch(kit.deps);
  const claim = await kit.claim(born?.attemptId ?? sha256(""), workerId);
  await kit.db.prisma.$executeRaw`
    update attempt set started_at = now() - ${seconds}::float8 * interval '1 second' where state = 'running'`;
  await kit.succeed(claim);
}

test("a stage run charges the team that had it dispatched", async () => {
  const identity = await kit.caller("payer");
  await charged(identity, 100);
  await foldUsage(kit.deps);
  const team = await kit.db.prisma.team.findUniqueOrThrow({ where: { id: identity.teamId } });
  expect(team.gpuSeconds).toBeGreaterThanOrEqual(100);
  expect(team.gpuSeconds).toBeLessThan(160);
  await foldUsage(kit.deps);
  const again = await kit.db.prisma.team.findUniqueOrThrow({ where: { id: identity.teamId } });
  expect(again.gpuSeconds).toBe(team.gpuSeconds); // once
});

test("what a team was charged counts at once, whether or not it is folded, on top of what it had used before", async () => {
  const [payer, other] = [await kit.caller("payer"), await kit.caller("other")];
  await charged(payer, 100);
  await kit.db.prisma.team.update({ where: { id: other.teamId }, data: { gpuSeconds: 50 } });
  await kit.submit({ ...onlyTrain, seeds: [2] }, payer);
  await kit.submit({ ...onlyTrain, seeds: [3] }, other);
  const ofEach = adHoc(`select t.name, round(u.gpu_seconds)::int as used
    from team_usage(86400) u join team t on t.id = u.team_id where t.name in ('other', 'payer') order by 1`);
  const before = await kit.db.many(ofEach, {});
  expect(before[0]).toEqual({ name: "other", used: 50 });
  expect(before[1]?.used).toBeGreaterThanOrEqual(100);
  await foldUsage(kit.deps);
  expect(await kit.db.many(ofEach, {})).toEqual(before);
  const [first] = await dispatch(kit.deps);
  expect(await teamOf(first?.attemptId as string)).toBe("other");
});
