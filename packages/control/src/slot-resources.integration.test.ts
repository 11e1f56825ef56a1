import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Caller,
  claimAttempt,
  dispatch,
  explainWaiting,
  extendExperiment,
  getExperiment,
  listWorkers,
  preempt,
  setPriority,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

const onlyTrain = { until: "train", budgets: undefined } as const;
const stageRunsOf = async (id: string) => (await getExperiment(kit.deps, { identity, id })).stageRuns;
const why = async (id: string) => {
  const [run] = await stageRunsOf(id);
  return (await explainWaiting(kit.deps, { identity, stageRunId: run?.id as string })).waiting?.message;
};

test.each([
  [
    { gpuMemory: "40 GB" },
    { gpuMemory: 24_000_000_000 },
    "no worker of pool default has 40 GB of GPU memory (the largest has 24)",
    { gpuMemory: 42_300_000_000 },
  ],
  [
    { gpuMemory: 8.5 },
    {},
    "no worker of pool default has 8.5 GB of GPU memory (none is known to have any)",
    { gpuMemory: 9e9 },
  ],
  [
    { labels: { zone: "a", gpu: "h200" } },
    { labels: { zone: "a" } },
    "no worker of pool default has the labels gpu=h200, zone=a",
    { labels: { gpu: "h200", zone: "a", rack: "7" } },
  ],
] as const)("%j waits beside a worker of %j, and runs on another", async (resources, lacking, message, having) => {
  const { experimentId } = await kit.submit({ ...onlyTrain, resources }, identity);
  const other = await kit.worker(lacking);
  expect(await dispatch(kit.deps)).toEqual([]);
  expect(await why(experimentId)).toBe(message);

  const workerId = await kit.worker(having);
  const [first] = await dispatch(kit.deps);
  const attemptId = first?.attemptId as string;
  expect(await claimAttempt(kit.deps, { attemptId, workerId: other })).toMatchObject({
    outcome: "refused",
    reason: expect.stringMatching(/^the worker does not have what is asked for: /),
  });
  const fit = kit.db.prisma.$queryRaw`select drained_reason from worker_fit(${attemptId}::uuid, ${other}::uuid)`;
  expect(await fit).toEqual([{ drained_reason: "it lacks what is asked for" }]); // as earlier workers ask
  await kit.db.prisma.$executeRaw`update stage_run set retry_at = null`;
  const [second] = await dispatch(kit.deps);
  await kit.succeed(await kit.claim(second?.attemptId as string, workerId));
});

test("a backend is asked for by its name, and what no one worker has together is said so", async () => {
  const resources = { backend: "torch", labels: { zone: "a" } } as const;
  const { experimentId } = await kit.submit({ ...onlyTrain, resources }, identity);
  await kit.worker({ labels: { zone: "a" } });
  expect(await why(experimentId)).toBe("no worker of pool default computes on torch");
  const engine = { backend: "torch", device: "cpu", memoryBytes: null, threads: 1, precisions: ["fp32" as const] };
  const torch = { ...engine, deterministic: false, versions: {}, cpuLevel: null };
  await kit.worker({ engine: torch });
  expect(await why(experimentId)).toBe("no one worker of pool default has all that it asks for");
  await kit.worker({ engine: torch, labels: { zone: "a" } });
  expect(await dispatch(kit.deps)).toHaveLength(1);
});

test("what an experiment asks for holds for what extends it, and for no one else's keys", async () => {
  const { experimentId } = await kit.submit(
    { ...onlyTrain, seeds: [1], resources: { labels: { zone: "a" } } },
    identity,
  );
  await extendExperiment(kit.deps, { identity, experimentId, extension: { seeds: [2] } });
  const other = await kit.submit({ ...onlyTrain, seeds: [2] }, identity);
  await kit.worker();
  expect(await dispatch(kit.deps)).toEqual([]); // shared, and as the first wanted it
  const keys = async (id: string) => (await stageRunsOf(id)).map(({ stageKey }) => stageKey);
  expect(await keys(experimentId)).toEqual(expect.arrayContaining(await keys(other.experimentId)));
});

test("what waits for a busy worker does not keep other slots idle", async () => {
  const big = { resources: { gpuMemory: 40 } };
  await kit.submit({ ...onlyTrain, ...big, seeds: [1, 2, 3, 4] }, identity);
  const busy = await kit.worker({ gpuMemory: 80e9 });
  const [born] = await dispatch(kit.deps);
  await kit.claim(born?.attemptId as string, busy);
  await kit.db.prisma.$executeRaw`update attempt set state = 'cancelled', ended_at = now() where state = 'queued'`;
  await kit.db.prisma.$executeRaw`update stage_run r set state = 'ready' where state = 'active'
    and not exists (select from attempt a where a.stage_run_id = r.id and a.state = 'running')`;
  const { experimentId } = await kit.submit({ ...onlyTrain, seeds: [5, 6] }, identity);
  for (const gpuMemory of [8e9, 16e9]) await kit.worker({ gpuMemory });
  const small = (await stageRunsOf(experimentId)).map(({ id }) => id);
  expect((await dispatch(kit.deps)).map(({ stageRunId }) => stageRunId).sort()).toEqual(small.sort());
});

test("nobody gives way to what its worker could not run", async () => {
  await kit.submit({ ...onlyTrain, seeds: [1] });
  const workerId = await kit.worker();
  const [born] = await dispatch(kit.deps);
  await kit.claim(born?.attemptId as string, workerId);
  const urgent = await kit.submit({ ...onlyTrain, seeds: [2], resources: { gpuMemory: 40 } }, identity);
  await setPriority(kit.deps, { identity, ...urgent, priority: "high" });
  await kit.pass(200);
  await kit.db.prisma.$executeRaw`update worker set last_beat_at = now()`;
  expect(await preempt(kit.deps)).toEqual([]);
});

test("workers show their labels and the memory of their GPUs", async () => {
  await kit.worker({ labels: { zone: "a" }, gpuMemory: 85e9 });
  expect(await listWorkers(kit.deps, { identity })).toMatchObject([{ labels: { zone: "a" }, gpuMemory: 85e9 }]);
});
