/** infra/slurm/workers.sbatch as a job's script is run, with a stand-in for the worker and for Slurm's `scontrol`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documented, read, root } from "./files.ts";

const script = "infra/slurm/workers.sbatch";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-slurm-"));
  // Found as `node`: it drains as the worker does, and fails where its database is called so.
  const worker = `#!${process.execPath}
const { RELUCTANT_WORKER_NAME, RELUCTANT_THREADS, DATABASE_URL } = process.env;
if (DATABASE_URL === "postgresql://broken") process.exit(3);
process.on("SIGTERM", () => { console.log("saved a checkpoint"); process.exit(0); });
setInterval(() => {}, 1_000);
console.log("serving", process.argv[2], RELUCTANT_WORKER_NAME, RELUCTANT_THREADS, DATABASE_URL);
`;
  for (const [name, content] of [
    ["node", worker],
    ["scontrol", '#!/bin/sh\necho "scontrol $*"\n'],
  ] as const) {
    await writeFile(join(folder, name), content);
    await chmod(join(folder, name), 0o755);
  }
});
afterAll(() => rm(folder, { recursive: true }));

async function submit(databaseUrl: string) {
  const file = join(folder, "worker.env");
  await writeFile(file, `DATABASE_URL=${databaseUrl}\nREDIS_URL=redis://queue\n`);
  const slurm = { SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "2", SLURM_CPUS_PER_TASK: "4" };
  const env = { PATH: `${folder}:${process.env.PATH}`, ...slurm };
  return spawn("bash", [script, file], { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
}

/** What the job printed, and its exit code, where it is signaled once the worker serves. */
async function outcome(job: ChildProcess, signal?: NodeJS.Signals) {
  if (!job.stdout) throw new Error("the job's output is not kept");
  if (signal) job.stdout.once("data", () => job.kill(signal));
  const [output, [code]] = await Promise.all([text(job.stdout), once(job, "exit")]);
  return { lines: output.trim().split("\n"), code };
}

const serving = "serving workers/gpu/dist/main.js slurm-7-2 4 postgresql://lab";

test("near its time limit an element drains its worker, and is queued again", async () => {
  const { lines, code } = await outcome(await submit("postgresql://lab"), "SIGUSR1");
  expect(lines).toEqual([
    serving,
    "saved a checkpoint",
    "slurm-7-2 is queued again, before its time limit",
    "scontrol requeue 7_2",
  ]);
  expect(code).toBe(0);
});

test("preempted or cancelled it drains its worker, and leaves the rest to Slurm", async () => {
  const { lines, code } = await outcome(await submit("postgresql://lab"), "SIGTERM");
  expect(lines).toEqual([serving, "saved a checkpoint"]);
  expect(code).toBe(0);
});

test("it fails as its worker does, and is not queued again for that", async () => {
  expect(await outcome(await submit("postgresql://broken"))).toEqual({ lines: [""], code: 3 });
});

test("it asks Slurm for the signal that it waits for, long enough before the limit, and may be requeued", () => {
  const options = [...read(script).matchAll(/^#SBATCH (--\S+)$/gm)].map(([, option = ""]) => option);
  expect(options).toContain("--requeue");
  const [, signal, seconds] = /^--signal=B:(\w+)@(\d+)$/m.exec(options.join("\n")) ?? [];
  expect(read(script)).toMatch(new RegExp(`^trap '.*' ${signal} `, "m"));
  expect(Number(seconds)).toBeGreaterThanOrEqual(120); // Slurm looks only once a minute
  expect(options).toContain("--gres=gpu:1");
});

test("the variables that it sets are those of a worker", () => {
  const set = [...read(script).matchAll(/^(\w+)=\S/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => /^[A-Z]/.test(name));
  expect(set).toEqual(["RELUCTANT_WORKER_NAME", "RELUCTANT_THREADS"]);
  expect(set.filter((name) => !documented.processes.has(name))).toEqual([]);
});
