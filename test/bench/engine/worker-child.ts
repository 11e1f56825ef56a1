/** Figures of a training process as the supervisor starts it: how soon it has taken a step, how much memory that needs. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Assignment, FromChild, InputName, UnusableDataset } from "@reluctant/contracts";
import { type DatasetReader, prepareAll } from "@reluctant/datasets";
import { implementations } from "@reluctant/stages/definitions";
import type { StageRun } from "./cases.ts";
import { warmUp } from "./compare.ts";

const script = "workers/gpu/dist/child.js";
/** As the worker's supervisor and the backend's build have it. */
const cacheDir = process.env.RELUCTANT_CACHE ?? join(homedir(), ".cache/reluctant");

/** The generated data set, prepared where a child of a worker looks for it. */
export async function preparedGlyphs(): Promise<DatasetReader> {
  const onUnusable = ({ name, reason }: UnusableDataset) => {
    throw new Error(`data set ${name} cannot be used: ${reason}`);
  };
  const [data] = await prepareAll({ folders: ["glyphs-small"], cacheDir: join(cacheDir, "datasets"), onUnusable });
  return data as DatasetReader;
}

export interface FirstSteps {
  /** From the start of the process to the first report of progress, which follows its first step. */
  seconds: number;
  cpuSeconds: number;
  /** Resident when the engine is open, before there is a network; and at most until `steps` were done. */
  idleBytes: number;
  peakBytes: number;
  /** Between the first report of progress once the step is recorded, and the last. NaN where those are one. */
  secondsPerStep: number;
  cpuSecondsPerStep: number;
  /** By how much the process grew between them. */
  grownBytes: number;
}

/** Starts a training process, in that environment too, gives it a stage run, and ends it once `steps` steps are done. */
export async function firstSteps(
  run: StageRun,
  data: DatasetReader,
  steps: number,
  environment: NodeJS.ProcessEnv = {},
): Promise<FirstSteps> {
  const scratch = await mkdtemp(join(tmpdir(), "reluctant-bench-"));
  const assignment = await assign(run, data, scratch);
  const started = performance.now();
  const child = fork(script, {
    env: { ...process.env, RELUCTANT_CACHE: cacheDir, RELUCTANT_THREADS: "1", ...environment },
    stdio: "pipe",
  });
  let errors = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    errors += bytes.toString("utf8");
  });
  const measured: Partial<FirstSteps> = {};
  let pacedFrom: Paced | undefined;
  const done = new Promise<FirstSteps>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code}: ${errors.trim()}`)));
    const hear = async (message: FromChild) => {
      if (message.type === "failed") throw new Error(message.failure.message);
      if (message.type === "ready") measured.idleBytes = (await memoryOf(child.pid)).resident;
      if (message.type !== "progress") return;
      measured.seconds ??= (performance.now() - started) / 1000;
      measured.cpuSeconds ??= await cpuSecondsOf(child.pid);
      const at = performance.now();
      const [{ resident, peak }, cpu] = [await memoryOf(child.pid), await cpuSecondsOf(child.pid)];
      const now: Paced = { step: message.progress.step, at, cpu, resident };
      if (now.step >= warmUp) pacedFrom ??= now;
      if (now.step >= steps)
        resolve({ ...(measured as FirstSteps), peakBytes: peak, ...paceOf(pacedFrom ?? now, now) });
    };
    child.on("message", (message) => void hear(message as FromChild).catch(reject));
  });
  child.send({ type: "start", assignment });
  try {
    return await done;
  } finally {
    if (child.exitCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(scratch, { recursive: true });
  }
}

/** Where a process was when it said so: milliseconds, seconds and bytes. */
interface Paced {
  step: number;
  at: number;
  cpu: number;
  resident: number;
}

const paceOf = (from: Paced, to: Paced) => ({
  secondsPerStep: (to.at - from.at) / 1000 / (to.step - from.step),
  cpuSecondsPerStep: (to.cpu - from.cpu) / (to.step - from.step),
  grownBytes: to.resident - from.resident,
});

async function assign(run: StageRun, data: DatasetReader, scratch: string): Promise<Assignment> {
  const inputs: Partial<Record<InputName, string>> = {};
  for (const [name, bytes] of Object.entries(run.inputs)) {
    inputs[name as InputName] = join(scratch, name);
    await writeFile(join(scratch, name), bytes);
  }
  return {
    attemptId: crypto.randomUUID(),
    stageRunId: crypto.randomUUID(),
    attempt: 1,
    implementation: run.implementation,
    version: implementations[run.implementation].version,
    params: run.params,
    precision: run.precision,
    seed: run.seed,
    datasetVersion: data.version,
    inputs,
    resumeFrom: null,
    scratch,
    checkpointSeconds: 1e9,
  };
}

async function memoryOf(pid: number | undefined): Promise<{ resident: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const bytes = (field: string) => 1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]);
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}

/** utime and stime, in ticks of 1/100 s: fields 14 and 15, the second being the name in parentheses. */
async function cpuSecondsOf(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
