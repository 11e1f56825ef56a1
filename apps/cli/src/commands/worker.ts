import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, hostname } from "node:os";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { ReluctantError } from "@reluctant/contracts";
import type { Command } from "commander";
import { backendOption } from "../backend-option.ts";
import { findGpus, type GpuSlot, slotsOf } from "../gpus.ts";
import { note } from "../terminal/print.ts";

/** The worker is a process of its own with nothing but its environment, so it is started, not imported. */
const script = fileURLToPath(new URL("../../../../workers/gpu/dist/main.js", import.meta.url));

interface WorkerFlags {
  database?: string;
  redis?: string;
  data?: string;
  pool?: string;
  label?: string[];
  gpuMemory?: string;
  name?: string;
  backend?: string;
  decodeThreads?: string;
  allGpus?: true;
}

export const worker = (program: Command): Command =>
  program
    .command("worker")
    .description("join the cluster with one slot of this machine, or with one for each of its GPUs; Ctrl-C drains it")
    .option("--database <url>", "Postgres (DATABASE_URL)")
    .option("--redis <url>", "Redis (REDIS_URL)")
    .option("--data <folder>", "folder with the data sets (RELUCTANT_DATA)")
    .option("--pool <name>", "pool to take work from (RELUCTANT_POOL)")
    .option("--label <name=value...>", "labels that specs may ask for, such as zone=a (RELUCTANT_LABELS)")
    .option("--gpu-memory <GB>", "of its GPU, if other than the backend tells (RELUCTANT_GPU_MEMORY)")
    .option("--name <name>", "how screens call it (RELUCTANT_WORKER_NAME)")
    .addOption(backendOption())
    .option("--decode-threads <n>", "threads that decode images at most; auto: two a core (RELUCTANT_DECODE_THREADS)")
    .option("--all-gpus", "a slot for each GPU that is visible, and for each part of one that MIG divides")
    .action(async (flags: WorkerFlags) => {
      const env = { ...process.env, ...settings(flags) };
      for (const needed of ["DATABASE_URL", "REDIS_URL"] as const) {
        if (!env[needed])
          throw new ReluctantError(
            "invalid-request",
            `a worker needs ${needed}: give it in the environment or as a flag`,
          );
      }
      const slots = flags.allGpus ? await gpuSlots(env) : [{ name: "the worker", env }];
      const folders = (env.RELUCTANT_DATA ?? "").split(delimiter).filter(Boolean);
      const { requireDataFolders } = await import("@reluctant/datasets"); // and its codecs: only for whoever needs it
      await requireDataFolders(folders, flags.data === undefined ? "RELUCTANT_DATA" : "--data");
      process.exitCode = await supervised(slots);
    });

async function gpuSlots(env: NodeJS.ProcessEnv): Promise<GpuSlot[]> {
  const gpus = await findGpus(env);
  const slots = slotsOf(gpus, { env, host: hostname(), cores: availableParallelism() });
  note(slots.map(({ name }, place) => `${name}: ${gpus[place]?.model}`).join("\n"));
  return slots;
}

/** A supervisor for each slot, until all have ended: the code of the first that failed. */
async function supervised(slots: readonly GpuSlot[]): Promise<number> {
  const children = slots.map(({ env }) => spawn(process.execPath, [script], { env, stdio: "inherit" }));
  // Ctrl-C reaches them by itself: the terminal signals the whole group. A plain SIGTERM does not.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {
    for (const child of children) child.kill("SIGTERM");
  });
  let failed = 0;
  const end = async (child: (typeof children)[number], name = "") => {
    const [code, signal] = await once(child, "exit");
    if (code === 0) return;
    failed ||= code ?? 1;
    if (slots.length > 1) note(`${name} ended with ${signal ?? `exit code ${code}`}; the others go on`);
  };
  await Promise.all(children.map((child, place) => end(child, slots[place]?.name)));
  return failed;
}

const settings = ({
  database,
  redis,
  data,
  pool,
  label,
  gpuMemory,
  name,
  backend,
  decodeThreads,
}: WorkerFlags): Record<string, string> =>
  Object.fromEntries(
    Object.entries({
      DATABASE_URL: database,
      REDIS_URL: redis,
      RELUCTANT_DATA: data,
      RELUCTANT_POOL: pool,
      RELUCTANT_LABELS: label?.join(","),
      RELUCTANT_GPU_MEMORY: gpuMemory,
      RELUCTANT_WORKER_NAME: name,
      RELUCTANT_BACKEND: backend,
      RELUCTANT_DECODE_THREADS: decodeThreads,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
