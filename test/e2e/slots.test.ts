/** A worker's process with two slots, without API or coordinator: what one of them meets is not the other's. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { EngineInfo } from "@reluctant/contracts";
import { dispatch } from "@reluctant/control";
import { installationOf } from "@reluctant/db";
import { backendCaches, identify, takeFolder } from "@reluctant/machine";
import { createProducer, openRedis } from "@reluctant/queue";
import { createLogger } from "@reluctant/telemetry";
import { engineOf, type Kit, setup as setupKit } from "@reluctant/testkit";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { environmentOf } from "../../workers/gpu/src/engine.ts";
import type { ProbedEngine } from "../../workers/gpu/src/slot-file.ts";
import { until } from "../cluster.ts";

vi.setConfig({ testTimeout: 240_000 });

const script = join(import.meta.dirname, "../../workers/gpu/dist/main.js");

let kit: Kit;
let cache: string;
const started: ChildProcess[] = [];
beforeEach(async () => {
  kit = await setupKit();
  cache = await mkdtemp(join(tmpdir(), "reluctant-slots-"));
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || !child.kill("SIGKILL")) continue;
    await once(child, "exit");
  }
  await kit.close();
  await rm(cache, { recursive: true, force: true });
});

interface Line {
  level: string;
  msg: string;
  /** The slot that says it. */
  worker?: string;
  againInSeconds?: number;
  engine?: EngineInfo;
}

const settings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...process.env,
  DATABASE_URL: kit.databaseUrl,
  REDIS_URL: kit.redis.url,
  REDIS_PREFIX: kit.redis.prefix,
  RELUCTANT_CACHE: cache,
  RELUCTANT_DATA: "",
  RELUCTANT_BACKEND: "cpu",
  ...env,
});

const trainingEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...settings(env),
  ...backendCaches(settings(env), cache),
});

/** Starts the process with a slot of each name, and reads its log. */
function startWorker(names: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [script], {
    env: {
      ...settings(env),
      RELUCTANT_SLOTS: JSON.stringify(names.map((name) => ({ RELUCTANT_WORKER_NAME: name }))),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Line[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(JSON.parse(line)));
  const exit = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  started.push(child);
  return {
    lines,
    exit,
    ask: () => void child.kill("SIGTERM"),
    says: (worker: string | undefined, msg: string | RegExp) =>
      until(`${worker ?? "it"} says ${msg}`, 60, async () =>
        lines.find((line) => line.worker === worker && line.msg.match(msg)),
      ),
  };
}

const slotFolder = (name: string) =>
  join(cache, "slots", encodeURIComponent(`${name}@${installationOf(kit.databaseUrl)}`));

/** As a supervisor that was killed leaves the slot, with an attempt under way. */
async function leaveAttempt(name: string, engine: ProbedEngine | null = null) {
  await kit.submit();
  const workerId = await kit.worker({ name });
  const [born] = await dispatch(kit.deps);
  const { attemptId, epoch } = await kit.claim(born?.attemptId as string, workerId);
  const dead = { ...(await identify(process.pid)), startTime: "1" };
  await mkdir(slotFolder(name), { recursive: true });
  const content = { child: null, attempt: { attemptId, epoch }, engine };
  await writeFile(join(slotFolder(name), "1"), JSON.stringify({ process: dead, content }));
  return attemptId;
}

test("asked to end while one slot serves and another still hands back what a killed one left, both end", async () => {
  const attemptId = await leaveAttempt("one");
  const client = new Client(kit.databaseUrl);
  await client.connect();
  await client.query("begin");
  await client.query("select 1 from attempt where id = $1 for update", [attemptId]); // whoever hands it back waits
  const worker = startWorker(["one", "two"]);
  await worker.says("two", "ready");
  worker.ask();
  await worker.says(undefined, "asked to end");
  await client.end();
  expect(await worker.exit).toEqual({ code: 0, signal: null });
  expect(worker.lines.filter(({ msg }) => msg === "ready")).toHaveLength(1);
});

test("a slot that another process holds is served once that has gone, while the process's other slot serves", async () => {
  const taken = await takeFolder(slotFolder("one"), () => null);
  if (!("holding" in taken)) throw new Error("the folder is new");
  const worker = startWorker(["one", "two"]);
  expect(await worker.says("one", /runs here already/)).toMatchObject({ level: "error", againInSeconds: 1 });
  await worker.says("two", "ready");
  await taken.holding.release();
  await worker.says("one", "ready");
  worker.ask();
  expect(await worker.exit).toEqual({ code: 0, signal: null });
});

test("a slot whose name another took stays ended, and what ails both slots ends the process", async () => {
  const worker = startWorker(["one", "two"]);
  await worker.says("one", "ready");
  await worker.says("two", "ready");
  await kit.worker({ name: "one" });
  await worker.says("one", /another worker took the name "one"/);
  await kit.worker({ name: "two" });
  await worker.says("two", /another worker took the name "two"/);
  expect(await worker.exit).toEqual({ code: 1, signal: null });
});

test("a process none of whose slots can be served ends at once, and each says why", async () => {
  const worker = startWorker(["one", "two"], { RELUCTANT_BACKEND: "tensorflow", LIBTENSORFLOW: "/nowhere" });
  expect(await worker.exit).toEqual({ code: 1, signal: null });
  for (const name of ["one", "two"]) await worker.says(name, /LIBTENSORFLOW/);
  expect(worker.lines.at(-1)).toMatchObject({ level: "fatal" });
});

test("a slot whose training process finds another engine than it had looks anew, and serves on", async () => {
  const env = { RELUCTANT_DATA: "glyphs-small" };
  const had = engineOf({ backend: "cpu", device: "a GPU that went" });
  await leaveAttempt("one", { info: had, environment: environmentOf(trainingEnvironment(env)) });
  const worker = startWorker(["one", "two"], env);
  expect(await worker.says("one", "ready")).toMatchObject({ engine: had });
  await until("the data set is there", 60, () =>
    kit.submit({ dataset: "glyphs-small", until: "train", budgets: undefined, seeds: [1, 2] }),
  );
  const jobs = await until("both slots may be given work", 60, async () => {
    const born = await dispatch(kit.deps);
    return born.length === 2 ? born : undefined;
  });
  const redis = openRedis({ ...kit.redis, log: createLogger({ name: "test", level: "silent" }) });
  const producer = createProducer(redis);
  await redis.ready();
  await producer.add(jobs.map(({ attemptId, stageRunId, kind, pool }) => ({ attemptId, stageRunId, kind, pool })));
  expect(await worker.says("one", /this worker had cpu on a GPU that went, and .* found cpu/)).toMatchObject({
    level: "error",
    againInSeconds: 1,
  });
  const served = () => worker.lines.filter(({ worker, msg }) => worker === "one" && msg === "ready");
  await until("it serves again", 60, async () => served()[1]);
  expect(served()[1]).toMatchObject({ engine: { backend: "cpu" } });
  worker.ask();
  expect(await worker.exit).toEqual({ code: 0, signal: null });
  await producer.close();
  await redis.close();
});
