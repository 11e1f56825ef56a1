/**
 * Keeps a stack as the code of this checkout leaves it, for the tests beside this file to go on with under later code:
 *
 *   npm run keep-stack && npm run check -- --write test/kept-stack
 *
 * writes test/kept-stack/<version>-<commit>/, 4 MB, in some minutes. Experiments run to their end on the local stack itself,
 * with two workers on wasm, which every machine has. Then, with coordinator and workers gone, attempts of every
 * implementation run in this process to a checkpoint in their middle, and end in the ways that attempts do: preempted, lost,
 * or with the power, still running. Others wait in Postgres, some with a job that no Redis knows. What names the machine is
 * replaced as the tables are written (archive.ts); what checkpoints hold beside weights is rounded, to compress
 * (half-run.ts); tokens are hashes of random ones that nobody kept.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { postgresArtifacts } from "@reluctant/artifacts";
import type { ExperimentSpecInput } from "@reluctant/contracts";
import {
  beatAttempt,
  claimOutbox,
  type Deps,
  dispatch,
  expireLeases,
  markSent,
  releaseAttempt,
} from "@reluctant/control";
import { prepareAll } from "@reluctant/datasets";
import { openDatabase } from "@reluctant/db";
import { createEngine } from "@reluctant/engine";
import { startStack } from "@reluctant/local";
import { type Client, createClient } from "@reluctant/sdk";
import { untilPrepared } from "../cluster.ts";
import { writeArchive } from "./archive.ts";
import { datasetName, writeDataset } from "./dataset.ts";
import { claimAll, register, runHalf, type Slot } from "./half-run.ts";
import { finished, halfRun, imported, waiting } from "./specs.ts";

const root = process.cwd();
const backend = { RELUCTANT_BACKEND: "wasm", RELUCTANT_THREADS: "1" };
const scratch = await mkdtemp(join(tmpdir(), "reluctant-keep-"));
const data = join(scratch, "data");
const cache = join(scratch, "cache");

try {
  await writeDataset(data);
  const env = { ...process.env, ...backend, RELUCTANT_DATA: data, RELUCTANT_CACHE: cache };
  const stack = await startStack({ dir: join(scratch, "stack"), workers: 2, ephemeral: true, env });
  try {
    const client = createClient({ baseUrl: stack.address as string, token: stack.credentials?.token as string });
    await untilPrepared(client);
    await runToTheirEnd(client);
    for (const part of ["worker-1", "worker-2", "coordinator"]) await stack.part(part).stop();
    const db = openDatabase(stack.databaseUrl, { poolSize: 4 });
    try {
      await stopInTheMiddle({ db, artifacts: postgresArtifacts(db), notifications: { publish() {} } }, client);
    } finally {
      await db.close();
    }
    await keep(client, stack.databaseUrl);
  } finally {
    await stack.stop();
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function runToTheirEnd(client: Client): Promise<void> {
  for (const spec of finished) await ended(client, spec);
  const [first] = (await client.experiments.list({ search: finished[0]?.name })).items;
  const { stageRuns } = await client.experiments.get(first?.id as string);
  const arModel = stageRuns.find(({ kind }) => kind === "train")?.artifacts[0]?.sha256 as string;
  const { body } = await client.artifacts.download(arModel);
  await client.artifacts.import(new Uint8Array(await new Response(body).arrayBuffer()));
  await ended(client, imported(arModel));
  const { id } = await client.experiments.submit({ ...(halfRun[0] as ExperimentSpecInput), name: "changed my mind" });
  await client.experiments.cancel(id);
}

async function ended(client: Client, spec: ExperimentSpecInput): Promise<void> {
  const { id } = await client.experiments.submit(spec);
  for (;;) {
    const { state, reason } = await client.experiments.get(id);
    if (state === "finished") return console.log(`finished: ${spec.name}`);
    if (state !== "active") throw new Error(`${spec.name} ${state}: ${reason}`);
    await delay(200);
  }
}

async function stopInTheMiddle(deps: Deps, client: Client): Promise<void> {
  const [reader] = await prepareAll({
    folders: [data],
    cacheDir: join(cache, "datasets"),
    onUnusable({ name, reason }) {
      throw new Error(`${name}: ${reason}`);
    },
  });
  const engine = await createEngine({ backend: "wasm", threads: 1, precision: "fp32" });
  const slot: Slot = { engine, data: reader as Slot["data"] };
  for (const spec of halfRun) await client.experiments.submit(spec);
  const claims = await claimAll(deps, slot);
  const steps = new Map<string, number>();
  for (const claim of claims) {
    const step = await runHalf(deps, claim, slot);
    steps.set(claim.assignment.attemptId, step);
    console.log(`stopped: ${claim.assignment.implementation} at step ${step} of ${claim.assignment.params.steps}`);
  }
  const ours = ({ epoch, assignment: { attemptId } }: (typeof claims)[number]) => ({ attemptId, epoch });
  const third = (index: number) => claims.filter((_, place) => place % 3 === index);
  for (const claim of third(0))
    await releaseAttempt(deps, { ...ours(claim), as: "preempted", step: steps.get(ours(claim).attemptId) ?? null });
  for (let lost = 0; lost < third(1).length; lost += (await expireLeases(deps)).length) {
    for (const claim of third(2)) await beatAttempt(deps, ours(claim));
    await delay(1_000);
  }
  for (const spec of waiting) await client.experiments.submit(spec);
  await register(deps, slot, "half-run-17");
  await dispatch(deps);
  const jobs = await claimOutbox(deps, { limit: 100, holder: "kept" });
  await markSent(deps, { outboxIds: jobs.filter((_, index) => index % 2 === 0).map(({ outboxId }) => outboxId) });
  await reader?.close();
}

async function keep(client: Client, databaseUrl: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const commit = execFileSync("git", ["rev-parse", "--short=7", "HEAD"], { encoding: "utf8" }).trim();
  const folder = join(root, "test/kept-stack", `${version}-${commit}`);
  await rm(folder, { recursive: true, force: true });
  await writeArchive(databaseUrl, folder);
  const frontier = await client.frontier(datasetName, "resnet8");
  await writeFile(join(folder, "frontier.json"), `${JSON.stringify(frontier, null, 2)}\n`);
  console.log(`kept in ${folder}`);
}
