/**
 * The training process: one attempt, from `start` on the pipe to its terminal message. It has no way to Postgres or Redis,
 * and ends when its supervisor does. Started with `probe` it only says what it would compute with.
 */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  type Assignment,
  type BackendName,
  backendNames,
  type FromChild,
  fullVariant,
  type InputName,
  type Precision,
  toChildSchema,
} from "@reluctant/contracts";
import { openPrepared } from "@reluctant/datasets";
import { BackendUnavailableError, createEngine } from "@reluctant/engine";
import { readParams, type StageContext, type StageOutput, stages } from "@reluctant/stages";
import { failureOf } from "./child-failure.ts";
import { decodeThreadsOf } from "./decode-threads.ts";
import { preparedFolder } from "./prepared-folder.ts";
import { privateInference } from "./private-inference.ts";

const send = (message: FromChild) =>
  new Promise<void>((resolve) => {
    process.send?.(message, undefined, {}, () => resolve());
  });

/** As a plain array: a Buffer's `slice` is a view, and stages may count on a copy. */
async function read(file: string): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await readFile(file);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function openEngine(precision: Precision) {
  const backend = process.env.RELUCTANT_BACKEND || undefined;
  if (backend && !backendNames.includes(backend as BackendName)) {
    throw new Error(`RELUCTANT_BACKEND is "${backend}"; it must be one of ${backendNames.join(", ")}`);
  }
  const threads = Number(process.env.RELUCTANT_THREADS || availableParallelism());
  if (!Number.isInteger(threads) || threads < 1) {
    throw new Error(`RELUCTANT_THREADS is "${process.env.RELUCTANT_THREADS}"; it must be a whole number, at least 1`);
  }
  const wish = process.env.RELUCTANT_DETERMINISTIC || "0";
  if (wish !== "0" && wish !== "1") throw new Error(`RELUCTANT_DETERMINISTIC is "${wish}"; it must be 0 or 1`);
  const engine = await createEngine({
    ...(backend && { backend: backend as BackendName }),
    threads,
    precision,
    deterministic: wish === "1",
  });
  await send({ type: "ready", engine: engine.info });
  return engine;
}

async function run(assignment: Assignment, stop: { now: AbortSignal; asked: () => boolean }): Promise<void> {
  const { implementation, scratch } = assignment;
  if (!isKnown(implementation)) throw new Error(`this worker has no implementation ${implementation}`);
  const [data, engine] = await Promise.all([
    openPrepared(preparedFolder(process.env.RELUCTANT_CACHE ?? ""), assignment.datasetVersion, {
      decodeThreads: decodeThreadsOf(process.env.RELUCTANT_DECODE_THREADS),
    }),
    openEngine(assignment.precision),
  ]);
  const inputs: StageContext["inputs"] = {};
  for (const [name, file] of Object.entries(assignment.inputs)) inputs[name as InputName] = await read(file);
  const output = await stages[implementation].run({
    params: readParams(implementation, assignment.params),
    implementation,
    precision: assignment.precision,
    seed: assignment.seed,
    inputs,
    data,
    engine,
    privateInference,
    resumeFrom: assignment.resumeFrom === null ? null : await read(assignment.resumeFrom),
    checkpointSeconds: assignment.checkpointSeconds,
    report: {
      started: (step) => void send({ type: "started", step }),
      progress: (progress, points) => void send({ type: "progress", progress, points }),
      log: (line) => void send({ type: "log", line }),
      async checkpoint(step, bytes) {
        const path = join(scratch, `checkpoint-${step}`);
        await writeFile(path, bytes);
        await send({
          type: "checkpoint",
          step,
          file: { role: "checkpoint", variant: fullVariant, mediaType: "application/vnd.safetensors", path },
        });
      },
    },
    signal: stop.now,
    stopRequested: stop.asked,
  });
  await sendOutput(output, scratch);
}

const isKnown = (implementation: string): implementation is keyof typeof stages => implementation in stages;

async function sendOutput(output: StageOutput, scratch: string): Promise<void> {
  if (output.outcome === "stopped") return send({ type: "stopped", step: output.step });
  const files = [];
  for (const { role, variant = fullVariant, bytes, mediaType } of output.artifacts) {
    const path = join(scratch, `${role}-${variant}`);
    await writeFile(path, bytes);
    files.push({ role, variant, mediaType, path });
  }
  await send({ type: "succeeded", result: output.result, files, points: output.points });
}

/** Says what an attempt would compute with, or why the backend that is asked for cannot be had here. */
async function probe(): Promise<void> {
  await openEngine("fp32").catch((error: unknown) => {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return send({ type: "failed", failure: { code: "internal", fatal: true, message: error.message, step: null } });
  });
}

async function main(): Promise<void> {
  if (process.argv[2] === "probe") return probe();
  const now = new AbortController();
  let checkpoint = false;
  const start = await new Promise<Assignment>((resolve) => {
    process.on("message", (data) => {
      const message = toChildSchema.parse(data);
      if (message.type === "start") return resolve(message.assignment);
      checkpoint = true;
      if (message.how === "now") now.abort(new Error("asked to stop now"));
    });
  });
  await run(start, { now: now.signal, asked: () => checkpoint }).catch((error: unknown) => {
    if (!now.signal.aborted) return send({ type: "failed", failure: failureOf(error) });
  });
}

// Slurm and systemd ask every process of a job or service: it is the supervisor who has this one stop, at a checkpoint.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(1)); // the supervisor is gone, and with it the right to go on
await main();
process.exit(0);
