import { EventEmitter } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type { PreparingDataset } from "@reluctant/contracts";
import { createAgent } from "@reluctant/control";
import { identify, isAlive } from "@reluctant/machine";
import { createConsumer, createNotifications, createProducer, openRedis, queueNames } from "@reluctant/queue";
import { createLogger } from "@reluctant/telemetry";
import { engineOf, setup as setupKit } from "@reluctant/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { createArtifactCache } from "./artifact-cache.ts";
import { takeSlot } from "./slot-file.ts";
import { createSupervisor, type Supervisor, type SupervisorOptions } from "./supervisor.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const result = JSON.stringify({
  kind: "train",
  images: 640,
  reluCount: 100,
  validationAccuracy: 0.5,
  testAccuracy: 0.4,
});
/** What every scripted child begins with: it tells its process, and knows how to end. */
const preamble = `
  import { readFileSync, writeFileSync } from "node:fs";
  const send = (message) => new Promise((resolve) => process.send(message, resolve));
  const write = (scratch, role, text) => {
    writeFileSync(scratch + "/" + role, text);
    return { role, variant: "full", mediaType: "application/octet-stream", path: scratch + "/" + role };
  };
  const last = (message) => process.send(message, () => process.exit(0));
  process.on("disconnect", () => process.exit(1));
  process.on("message", async ({ type, assignment, how }) => {
    if (type === "stop") return stop(how);
    await send({ type: "log", line: "process " + process.pid });
    await start(assignment);
  });
`;
/** Trains until it is asked to stop, then leaves a checkpoint of step 7. */
const obedient = `${preamble}
  let scratch;
  const start = async (assignment) => {
    scratch = assignment.scratch;
    const from = assignment.resumeFrom ? Number(readFileSync(assignment.resumeFrom, "utf8")) : 0;
    await send({ type: "started", step: from });
    await send({ type: "log", line: "resumed from " + from });
  };
  const stop = async () => {
    await send({ type: "checkpoint", step: 7, file: write(scratch, "checkpoint", "7") });
    last({ type: "stopped", step: 7 });
  };`;
const deaf = `${preamble} const start = () => setInterval(() => {}, 1000); const stop = () => {};`;
const successful = `${preamble}
  const start = async ({ scratch }) => {
    const points = [0, 1, 2].map((step) => ({ series: "loss", step, value: 1 / (step + 1) }));
    await send({ type: "progress", progress: { step: 2, totalSteps: 3, imagesPerSecond: 10, loss: 0.5 }, points });
    console.log("said aloud");
    const files = [write(scratch, "weights", "the weights")];
    last({ type: "succeeded", result: ${result}, files, points: [{ series: "accuracy", step: 3, value: 0.5 }] });
  };`;

/** What the data folders hold, first while some is prepared. */
function holds(datasets: string[], preparingDatasets: PreparingDataset[] = []) {
  const changes = new EventEmitter();
  const held = {
    now: { datasets, preparingDatasets, unusableDatasets: [] },
    onChange(listener: () => void) {
      changes.on("change", listener);
      return () => changes.off("change", listener);
    },
    become(datasets: string[]) {
      held.now = { datasets, preparingDatasets: [], unusableDatasets: [] };
      changes.emit("change");
    },
  };
  return held;
}

/** An installation with one `train` stage run that is ready, and workers whose training process is scripted. */
async function setup() {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-worker-"));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const kit = await setupKit();
  const { deps } = kit;
  const { prisma } = deps.db;
  const log = createLogger({ name: "worker", level: "silent" });
  const redis = openRedis({ ...kit.redis, log });
  await redis.ready();
  const notifications = createNotifications(redis);
  const agent = createAgent(deps);
  const producer = createProducer(redis);
  cleanUps.push(
    () => kit.close(),
    () => redis.close(),
    () => producer.close(),
  );

  /** Answers the stage run of an experiment that only trains. */
  const submit = async () => {
    const { experimentId } = await kit.submit({ until: "train", budgets: undefined });
    const need = await prisma.need.findFirstOrThrow({ where: { trial: { experimentId } } });
    return need.stageRunId;
  };
  const run = { id: await submit() };

  const { id: teamId } = await prisma.team.findFirstOrThrow();

  /** A new attempt on a stage run, with its job. */
  const dispatch = async (number = 1, stageRunId = run.id) => {
    await prisma.stageRun.update({ where: { id: stageRunId }, data: { state: "active" } });
    const { id } = await prisma.attempt.create({ data: { stageRunId, number, teamId } });
    await producer.add([{ attemptId: id, stageRunId, kind: "train", pool: "default" }]);
    notifications.publish("jobs");
    return id;
  };

  /** As after a flush of Redis and the reconciler's repair. */
  const redeliver = async (attemptId: string) => {
    await redis.client.del(await redis.client.keys(`${redis.prefix}:*`));
    await producer.add([{ attemptId, stageRunId: run.id, kind: "train", pool: "default" }]);
    notifications.publish("jobs");
  };

  const startWorker = async (name: string, program: string, change: Partial<SupervisorOptions> = {}) => {
    const home = join(folder, name);
    const scratchRoot = join(home, "scratch");
    await mkdir(scratchRoot, { recursive: true });
    const script = join(home, "child.mjs");
    await writeFile(script, program);
    const consumer = createConsumer({ redis, queues: queueNames("default"), workerName: name });
    const supervisor = createSupervisor({
      deps,
      agent,
      consumer,
      notifications,
      cache: createArtifactCache({ folder: join(home, "artifacts"), artifacts: deps.artifacts }),
      datasetCache: { use: async () => ({ release: async () => {} }) }, // a scripted process reads none
      slot: (await takeSlot(home, name)).slot,
      scratchRoot,
      childScript: pathToFileURL(script),
      childEnv: process.env,
      name,
      pool: "default",
      labels: {},
      gpuMemory: null,
      engine: engineOf(),
      datasets: holds([kit.dataset.version]),
      log,
      ...change,
    });
    const ended = supervisor.run();
    cleanUps.push(async () => {
      await finish(supervisor, ended).catch(() => {}); // one that failed throws
      await consumer.close();
    });
    return { supervisor, ended, scratch: () => readdir(scratchRoot) };
  };

  const attempt = (id: string) => prisma.attempt.findUniqueOrThrow({ where: { id } });
  /** As its events tell. */
  const statesOf = async (attemptId: string) =>
    (await prisma.event.findMany({ where: { attemptId }, orderBy: { id: "asc" } })).map(
      ({ data }) => (data as { state: string }).state,
    );
  const logOf = async (attemptId: string) => {
    const chunks = await prisma.logChunk.findMany({ where: { attemptId }, orderBy: { offset: "asc" } });
    return Buffer.concat(chunks.map(({ bytes }) => bytes)).toString();
  };
  return {
    deps,
    agent,
    dataset: kit.dataset,
    prisma,
    notifications,
    run,
    submit,
    dispatch,
    redeliver,
    startWorker,
    attempt,
    statesOf,
    logOf,
    jobState: (attemptId: string) => producer.state({ attemptId, stageRunId: run.id, kind: "train" }, "default"),
    reaches: (id: string, state: string) =>
      vi.waitFor(async () => expect((await attempt(id)).state).toBe(state), { timeout: 10_000, interval: 30 }),
    /** The process that computes the attempt, once it has said so in the log. */
    childOf: (id: string) =>
      vi.waitFor(
        async () => {
          const child = await identify(Number(/process (\d+)/.exec(await logOf(id))?.[1]));
          if (!child) throw new Error("no child yet");
          return child;
        },
        { timeout: 10_000, interval: 30 },
      ),
  };
}

async function finish(supervisor: Supervisor, ended: Promise<unknown>): Promise<void> {
  supervisor.drain();
  supervisor.drain();
  await ended;
}

test("an attempt's result, artifact, curve and log are in Postgres when it has succeeded", async () => {
  const { deps, prisma, run, dispatch, startWorker, reaches, logOf, jobState } = await setup();
  const { scratch } = await startWorker("w1", successful);
  const id = await dispatch();
  await reaches(id, "succeeded");
  expect(await prisma.stageRun.findUnique({ where: { id: run.id } })).toMatchObject({
    state: "succeeded",
    result: JSON.parse(result),
  });
  const [artifact] = await prisma.stageRunArtifact.findMany();
  expect(artifact?.role).toBe("weights");
  const stored = await deps.artifacts.get(artifact?.sha256 as string);
  expect(await text(Readable.from(stored?.body ?? []))).toBe("the weights");
  expect(await prisma.metricBlock.findMany({ orderBy: { series: "asc" } })).toMatchObject([
    { series: "accuracy", steps: [3] },
    { series: "loss", steps: [0, 1, 2] },
  ]);
  expect(await logOf(id)).toMatch(/^process \d+\nsaid aloud\n$/);
  await vi.waitFor(async () => expect(await jobState(id)).toBe("completed"), 10_000);
  await vi.waitFor(async () => expect(await scratch()).toEqual([]), 10_000);
});

test("a worker whose training process computes with something else gives its attempt back uncharged, and ends", async () => {
  const another = JSON.stringify(engineOf({ device: "another" }));
  const { dispatch, startWorker, reaches, attempt, prisma } = await setup();
  const { ended } = await startWorker(
    "w1",
    `${preamble}
    const start = async () => { await send({ type: "ready", engine: ${another} }); setInterval(() => {}, 1000); };
    const stop = (how) => last(how === "now" ? { type: "log", line: "stopped" } : { type: "stopped", step: 7 });`,
  );
  const id = await dispatch();
  await expect(ended).rejects.toThrow(/this worker had .* and a training process found .* on another/);
  await reaches(id, "preempted");
  expect(await attempt(id)).toMatchObject({ failure: null });
  expect((await prisma.worker.findFirstOrThrow()).state).toBe("gone");
});

test("an attempt whose job is delivered again, to another worker, goes on where it runs", async () => {
  const { prisma, run, dispatch, startWorker, reaches, childOf, attempt, redeliver, jobState } = await setup();
  await startWorker("w1", obedient);
  const id = await dispatch();
  const child = await childOf(id);
  const { workerId } = await attempt(id);
  await startWorker("w2", obedient);
  await redeliver(id);
  await vi.waitFor(async () => expect(await jobState(id)).toBe("failed"), { timeout: 5_000 });
  await reaches(id, "running");
  expect((await attempt(id)).workerId).toBe(workerId);
  expect((await prisma.stageRun.findUnique({ where: { id: run.id } }))?.epoch).toBe(1);
  expect(await isAlive(child)).toBe(true);
});

test("a cancelled attempt's process is gone within five seconds, even one that does not listen", async () => {
  const { prisma, notifications, dispatch, startWorker, childOf, reaches } = await setup();
  await startWorker("w1", deaf);
  const id = await dispatch();
  const child = await childOf(id);
  await prisma.attempt.update({ where: { id }, data: { state: "stopping", stop: "now" } });
  notifications.publish("stop");
  const asked = performance.now();
  await vi.waitFor(async () => expect(await isAlive(child)).toBe(false), { timeout: 10_000, interval: 30 });
  expect(performance.now() - asked).toBeLessThan(5_000);
  await reaches(id, "cancelled");
});

test("an attempt that no trial needs leaves a checkpoint, and the next stage run of its key goes on from there", async () => {
  const { prisma, notifications, run, dispatch, startWorker, childOf, attempt, reaches, logOf, submit } = await setup();
  await startWorker("w1", obedient);
  const id = await dispatch();
  const child = await childOf(id);
  await prisma.need.updateMany({ data: { releasedAt: new Date() } });
  await prisma.attempt.update({ where: { id }, data: { state: "stopping", stop: "checkpoint", reason: "unneeded" } });
  notifications.publish("stop");
  await reaches(id, "preempted");
  expect(await isAlive(child)).toBe(false);
  expect(await attempt(id)).toMatchObject({ reason: "unneeded" });
  expect(await prisma.stageRun.findUnique({ where: { id: run.id } })).toMatchObject({ state: "cancelled" });

  const heir = await submit();
  expect(heir).not.toBe(run.id);
  const next = await dispatch(1, heir);
  await vi.waitFor(async () => expect(await logOf(next)).toContain("resumed from 7"), { timeout: 5_000 });
  expect(await attempt(next)).toMatchObject({ state: "running", startStep: 7 });
});

test("a worker that hears that its attempt is lost ends the process and writes nothing more", async () => {
  const { prisma, notifications, dispatch, startWorker, childOf, attempt } = await setup();
  const { scratch } = await startWorker("w1", deaf);
  const id = await dispatch();
  const child = await childOf(id);
  await prisma.attempt.update({ where: { id }, data: { state: "lost", endedAt: new Date(), reason: "silent" } });
  const before = await attempt(id);
  notifications.publish("stop");
  await vi.waitFor(async () => expect(await isAlive(child)).toBe(false), { timeout: 10_000, interval: 30 });
  await vi.waitFor(async () => expect(await scratch()).toEqual([]), { timeout: 5_000 });
  expect(await attempt(id)).toEqual(before);
});

test("a drained worker leaves a checkpoint, from which the next attempt resumes on another", async () => {
  const { prisma, dispatch, startWorker, childOf, attempt, reaches, logOf, run, statesOf } = await setup();
  const { supervisor, ended } = await startWorker("w1", obedient);
  const first = await dispatch();
  const child = await childOf(first);
  supervisor.drain();
  await ended;
  expect(await isAlive(child)).toBe(false);
  expect(await attempt(first)).toMatchObject({ state: "preempted", reason: "its worker is leaving" });
  expect(await statesOf(first)).toEqual(["running", "stopping", "preempted"]);
  expect(await prisma.stageRun.findUnique({ where: { id: run.id } })).toMatchObject({ state: "ready", failures: 0 });
  expect(await prisma.worker.findFirst({ where: { name: "w1" } })).toMatchObject({ leftAt: expect.any(Date) });

  await startWorker("w2", obedient);
  const second = await dispatch(2);
  await reaches(second, "running");
  await vi.waitFor(async () => expect(await logOf(second)).toContain("resumed from 7"), { timeout: 5_000 });
  expect((await attempt(second)).startStep).toBe(7);
});

test("a worker that the control plane has drained fetches nothing until it is undrained", async () => {
  const { prisma, dispatch, startWorker, reaches, attempt, jobState } = await setup();
  await startWorker("w1", successful);
  const w1 = await vi.waitFor(() => prisma.worker.findFirstOrThrow({ where: { name: "w1" } }), 10_000);
  const put = (drained: string | null) =>
    prisma.worker.update({
      where: { id: w1.id },
      data: { drainedAt: drained === null ? null : new Date(), drainedReason: drained, lastBeatAt: new Date(0) },
    });
  const heard = () =>
    vi.waitFor(
      async () =>
        expect((await prisma.worker.findUniqueOrThrow({ where: { id: w1.id } })).lastBeatAt.getTime()).toBeGreaterThan(
          0,
        ),
      { timeout: 10_000, interval: 30 },
    );
  await put("fan broken");
  await heard();
  const id = await dispatch();
  await put("fan broken");
  await heard(); // a whole beat later
  expect(await attempt(id)).toMatchObject({ state: "queued" });
  expect(await jobState(id)).toBe("waiting");
  await put(null);
  await reaches(id, "succeeded");
  expect((await attempt(id)).workerId).toBe(w1.id);
});

test("a process that crashes fails its attempt with its last lines, and the slot takes the next", async () => {
  const { dispatch, startWorker, reaches, attempt } = await setup();
  await startWorker(
    "w1",
    `${preamble} const start = () => { console.error("no kernel for this device"); process.exit(3); };`,
  );
  const first = await dispatch();
  await reaches(first, "failed");
  expect((await attempt(first)).failure).toMatchObject({
    code: "child-exit",
    fatal: false,
    message: expect.stringContaining("no kernel"),
  });
  const second = await dispatch(2);
  await reaches(second, "failed");
});

test("an attempt whose scratch folder cannot be removed ends all the same, and the slot takes the next", async () => {
  const { dispatch, startWorker, reaches, attempt } = await setup();
  await startWorker(
    "w1",
    `${preamble}
    import { rmSync } from "node:fs";
    import { dirname } from "node:path";
    const start = ({ scratch }) => {
      rmSync(dirname(scratch), { recursive: true });
      writeFileSync(dirname(scratch), "a file where the folder was");
      process.exit(3);
    };`,
  );
  const first = await dispatch();
  await reaches(first, "failed");
  expect((await attempt(first)).failure).toMatchObject({ code: "child-exit" });
  const second = await dispatch(2);
  await reaches(second, "failed");
});

test("a slot whose supervisor fails does not beat on, as if somebody served it", async () => {
  const { prisma, startWorker, agent } = await setup();
  const beaten = vi.spyOn(agent, "beatWorker");
  const next = async () => {
    await vi.waitFor(() => expect(beaten).toHaveBeenCalled());
    await beaten.mock.results[0]?.value;
    throw new Error("a fault of ours");
  };
  const consumer = { next, close: async () => {} };
  const { supervisor, ended } = await startWorker("w1", successful, { consumer });
  await expect(ended).rejects.toThrow("a fault of ours");
  beaten.mockClear();
  supervisor.drain(); // whoever beats would say so at once
  expect(await prisma.worker.findFirstOrThrow()).toMatchObject({ leftAt: null });
  expect(beaten).not.toHaveBeenCalled();
});

test("a file outside the scratch folder is never stored", async () => {
  const { prisma, dispatch, startWorker, reaches, attempt } = await setup();
  const steal = `${preamble}
    const files = [{ role: "weights", variant: "full", mediaType: "text/plain", path: "/etc/hostname" }];
    const start = () => last({ type: "succeeded", result: ${result}, files, points: [] });`;
  await startWorker("w1", steal);
  const id = await dispatch();
  await reaches(id, "failed");
  expect((await attempt(id)).failure).toMatchObject({
    code: "internal",
    message: expect.stringContaining("/etc/hostname"),
  });
  expect(await prisma.artifact.count()).toBe(0);
});

test("a worker whose name another has taken leaves a checkpoint, and ends as replaced", async () => {
  const { prisma, dispatch, startWorker, childOf, attempt } = await setup();
  const { ended } = await startWorker("w1", obedient);
  const id = await dispatch();
  await childOf(id);
  await prisma.worker.updateMany({ where: { name: "w1" }, data: { state: "gone", leftAt: new Date() } });
  expect(await ended).toBe("replaced");
  expect(await attempt(id)).toMatchObject({ state: "preempted" });
});

test("an attempt whose input cannot be read from the store fails with the reason", async () => {
  const { prisma, run, dispatch, startWorker, reaches, attempt } = await setup();
  const sha256 = "0".repeat(64);
  await prisma.artifact.create({ data: { sha256, mediaType: "text/plain", bytes: 1, completeAt: new Date() } });
  await prisma.stageRunInput.create({ data: { stageRunId: run.id, name: "weights", sha256 } });
  await startWorker("w1", successful);
  const id = await dispatch();
  await reaches(id, "failed");
  expect((await attempt(id)).reason).toMatch(/chunk 0 of artifact/);
});

test("the slots of a process serve while a data set is prepared, and all take its work once it is there", async () => {
  const { prisma, run, dispatch, startWorker, reaches, dataset } = await setup();
  const preparing: PreparingDataset = {
    name: dataset.name,
    step: "decoding",
    done: 43,
    total: 100,
    imagesPerSecond: null,
    etaSeconds: null,
  };
  const held = holds([], [preparing]);
  await startWorker("w1", successful, { datasets: held });
  await startWorker("w2", successful, { datasets: held });
  const told = (what: object) =>
    vi.waitFor(async () => {
      const workers = await prisma.worker.findMany();
      expect(workers).toEqual([expect.objectContaining(what), expect.objectContaining(what)]);
    }, 10_000);
  await told({ datasets: [], preparingDatasets: [preparing] });
  const refused = await dispatch();
  await reaches(refused, "superseded"); // neither has it yet
  held.become([dataset.version]);
  await told({ datasets: [dataset.version], preparingDatasets: [] });
  await reaches(await dispatch(2, run.id), "succeeded");
});
