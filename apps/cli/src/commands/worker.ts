import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { ReluctantError } from "@reluctant/contracts";
import { requireDataFolders } from "@reluctant/datasets";
import type { Command } from "commander";
import { backendOption } from "../backend-option.ts";

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
}

export const worker = (program: Command): Command =>
  program
    .command("worker")
    .description("join the cluster with one slot of this machine; Ctrl-C drains it")
    .option("--database <url>", "Postgres (DATABASE_URL)")
    .option("--redis <url>", "Redis (REDIS_URL)")
    .option("--data <folder>", "folder with the data sets (RELUCTANT_DATA)")
    .option("--pool <name>", "pool to take work from (RELUCTANT_POOL)")
    .option("--label <name=value...>", "labels that specs may ask for, such as zone=a (RELUCTANT_LABELS)")
    .option("--gpu-memory <GB>", "of its GPU, if other than the backend tells (RELUCTANT_GPU_MEMORY)")
    .option("--name <name>", "how screens call it (RELUCTANT_WORKER_NAME)")
    .addOption(backendOption())
    .option("--decode-threads <n>", "threads that decode images at most; auto: two a core (RELUCTANT_DECODE_THREADS)")
    .action(async (flags: WorkerFlags) => {
      const env = { ...process.env, ...settings(flags) };
      for (const needed of ["DATABASE_URL", "REDIS_URL"] as const) {
        if (!env[needed])
          throw new ReluctantError(
            "invalid-request",
            `a worker needs ${needed}: give it in the environment or as a flag`,
          );
      }
      const folders = (env.RELUCTANT_DATA ?? "").split(delimiter).filter(Boolean);
      await requireDataFolders(folders, flags.data === undefined ? "RELUCTANT_DATA" : "--data");
      const child = spawn(process.execPath, [script], { env, stdio: "inherit" });
      // Ctrl-C reaches the child by itself: the terminal signals the whole group. A plain SIGTERM does not.
      process.on("SIGINT", () => {});
      process.on("SIGTERM", () => child.kill("SIGTERM"));
      const [code] = await once(child, "exit");
      process.exitCode = code ?? 1;
    });

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
