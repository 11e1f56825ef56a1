/**
 * An upgrade without stopping: workers of an earlier version go on beside today's database, coordinator and API, until each is
 * asked to end and one of today's takes its place.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProcess, type Part } from "../../../infra/local/src/processes.ts";
import { run } from "../../../scripts/programs.mjs";
import { type Cluster, startCluster } from "../../cluster.ts";
import { skipFor } from "../../skip-for.ts";
import { root } from "../files.ts";
import { output } from "./programs.ts";

/** The oldest commit whose workers may stay, as docs/operations.md, "Upgrade", says; CHECK_UPGRADE_FROM names another. */
const commit = process.env.CHECK_UPGRADE_FROM || "b2a3934";

const unknown = run("git", ["cat-file", "-e", `${commit}^{commit}`], { quiet: true }).status !== 0;
const reason = unknown ? `this clone has no commit ${commit}` : null;
const log = join(root, "var/deploy-check/upgrade.log");
const checkout = join(root, "var/deploy-check", `version-${commit}`);

/** As a release of then would be: its files, its packages, built. */
async function build(): Promise<void> {
  if (existsSync(checkout)) return;
  await mkdir(join(root, "var/deploy-check"), { recursive: true });
  const draft = await mkdtemp(`${checkout}-`);
  try {
    const archive = join(draft, "archive.tar");
    await output("git", ["archive", "-o", archive, commit], { log });
    await output("tar", ["-xf", archive, "-C", draft], { log });
    const packages = ["ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    await output("npm", packages, { cwd: draft, env: { CHECKPOINT_DISABLE: "1" }, log });
    const quiet = { TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
    const turbo = ["node_modules/turbo/bin/turbo", "run", "build", "--output-logs=errors-only"];
    await output(process.execPath, turbo, { cwd: draft, env: quiet, log });
    await rename(draft, checkout);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

let folder: string;
let cluster: Cluster;
const parts: Part[] = [];
beforeAll(async () => {
  if (reason) return;
  await build();
  folder = await mkdtemp(join(tmpdir(), "reluctant-upgrade-"));
  cluster = await startCluster({ workers: 0, env: backend });
});
afterAll(async () => {
  if (reason) return;
  for (const part of parts) await part.stop();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Which both versions have, and which computes the same bits in both. */
const backend = { RELUCTANT_BACKEND: "wasm", RELUCTANT_THREADS: "1" };

async function startWorker(name: string, from: string): Promise<Part> {
  const worker = createProcess({
    name,
    command: [process.execPath, join(from, "workers/gpu/dist/main.js")],
    cwd: from,
    env: {
      ...process.env,
      ...backend,
      DATABASE_URL: cluster.stack.databaseUrl,
      REDIS_URL: cluster.stack.redisUrl,
      RELUCTANT_WORKER_NAME: name,
      RELUCTANT_DATA: "glyphs-small",
      RELUCTANT_CACHE: join(folder, name),
      RELUCTANT_CHECKPOINT_SECONDS: "0.3",
    },
    log: join(folder, `${name}.log`),
    ready: { line: (line) => line.startsWith("{") && JSON.parse(line).msg === "ready" },
    stopSignal: "SIGTERM",
    orphanSignal: "SIGKILL",
  });
  parts.push(worker);
  await worker.start();
  return worker;
}

describe("an upgrade without stopping", skipFor(reason), () => {
  test("a worker of the version before does all of an experiment that today's coordinator and API lead", async () => {
    await startWorker("before", checkout);
    const id = await cluster.submit({});
    expect(await cluster.ended(id)).toMatchObject({ state: "finished", progress: { succeeded: 4 } });
    expect(await cluster.sql("select 1 from attempt where state <> 'succeeded'")).toEqual([]);
  });

  test("asked to end in the middle it leaves a checkpoint, from which today's worker goes on", async () => {
    const id = await cluster.submit({ seeds: [2], settings: { train: { length: { images: 1_280 } } } });
    await cluster.moment(
      "it runs with a checkpoint",
      "select 1 from attempt a join checkpoint c on c.attempt_id = a.id where a.state = 'running' and c.step > 0 limit 1",
    );
    await parts[0]?.stop();
    await startWorker("today", root);
    expect(await cluster.ended(id)).toMatchObject({ state: "finished", progress: { succeeded: 4 } });
    const attempts = await cluster.sql(
      `select a.state, w.name as worker, a.start_step > 0 as resumed from attempt a join worker w on w.id = a.worker_id
       where a.stage_run_id in (select stage_run_id from attempt where state = 'preempted') order by a.number`,
    );
    expect(attempts).toEqual([
      { state: "preempted", worker: "before", resumed: false },
      { state: "succeeded", worker: "today", resumed: true },
    ]);
  });
});
