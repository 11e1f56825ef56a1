import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, hostname } from "node:os";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { ReluctantError } from "@reluctant/contracts";
import { type Command, Option } from "commander";
import { backendOption } from "../backend-option.ts";
import { findGpus, sharesOf, slotsOf, type WorkerSlot } from "../gpus.ts";
import { checkInstallation, readableByOthers, readJoinFile } from "../join-installation.ts";
import { note } from "../terminal/print.ts";
import { wholeNumber, workerCounts } from "../whole-number.ts";

/** The worker is a process of its own with nothing but its environment, so it is started, not imported. */
const script = fileURLToPath(new URL("../../../../workers/gpu/dist/main.js", import.meta.url));

interface WorkerFlags {
  join?: string;
  database?: string;
  redis?: string;
  data?: string;
  pool?: string;
  label?: string[];
  gpuMemory?: string;
  name?: string;
  backend?: string;
  decodeThreads?: string;
  workers?: number;
  allGpus?: true;
}

export const worker = (program: Command): Command =>
  program
    .command("worker")
    .description("join the cluster with one slot of this machine, or with one for each of its GPUs; Ctrl-C drains it")
    .option(
      "--join <file>",
      "of another machine's installation, as `reluctant admin join-file` prints it there; looked over first",
    )
    .option("--database <url>", "Postgres (DATABASE_URL)")
    .option("--redis <url>", "Redis (REDIS_URL)")
    .option("--data <folder>", "folder with the data sets (RELUCTANT_DATA)")
    .option("--pool <name>", "pool to take work from (RELUCTANT_POOL)")
    .option("--label <name=value...>", "labels that specs may ask for, such as zone=a (RELUCTANT_LABELS)")
    .option("--gpu-memory <GB>", "of its GPU, if other than the backend tells (RELUCTANT_GPU_MEMORY)")
    .option("--name <name>", "how screens call it (RELUCTANT_WORKER_NAME)")
    .addOption(backendOption())
    .option("--decode-threads <n>", "threads that decode images at most; auto: two a core (RELUCTANT_DECODE_THREADS)")
    .option("--workers <n>", "so many of them, each with its share of the cores", wholeNumber(workerCounts))
    .addOption(
      new Option(
        "--all-gpus",
        "a slot for each GPU that is visible, and for each part of one that MIG divides",
      ).conflicts("workers"),
    )
    .action(async (flags: WorkerFlags) => {
      const joined = flags.join === undefined ? {} : await readJoinFile(flags.join);
      const env = { ...process.env, ...joined, ...settings(flags) };
      const [databaseUrl, redisUrl] = [needed(env, "DATABASE_URL"), needed(env, "REDIS_URL")];
      if (flags.join !== undefined) {
        const notes = [...(await readableByOthers(flags.join)), ...(await checkInstallation(databaseUrl, redisUrl))];
        for (const one of notes) note(`note: ${one}`);
      }
      const slots = await slotsFor(flags, env);
      const folders = (env.RELUCTANT_DATA ?? "").split(delimiter).filter(Boolean);
      const { requireDataFolders } = await import("@reluctant/datasets"); // and its codecs: only for whoever needs it
      await requireDataFolders(folders, flags.data === undefined ? "RELUCTANT_DATA" : "--data");
      process.exitCode = await served(slots === null ? env : { ...env, RELUCTANT_SLOTS: JSON.stringify(slots) });
    });

/** @throws ReluctantError where it is not said */
function needed(env: NodeJS.ProcessEnv, name: "DATABASE_URL" | "REDIS_URL"): string {
  const value = env[name];
  if (value) return value;
  throw new ReluctantError("invalid-request", `a worker needs ${name}: give it in the environment or as a flag`);
}

/** What each slot has of its own; null where the environment describes the only one. */
async function slotsFor(
  { allGpus, workers }: WorkerFlags,
  env: NodeJS.ProcessEnv,
): Promise<WorkerSlot["variables"][] | null> {
  if (!allGpus && workers === undefined) return null;
  const slots = allGpus
    ? await gpuSlots(env)
    : sharesOf({ workers: workers as number, env, host: hostname(), cores: availableParallelism() });
  return slots.map(({ variables }) => variables);
}

async function gpuSlots(env: NodeJS.ProcessEnv): Promise<WorkerSlot[]> {
  const gpus = await findGpus(env);
  const slots = slotsOf(gpus, { env, host: hostname(), cores: availableParallelism() });
  note(slots.map(({ name }, place) => `${name}: ${gpus[place]?.model}`).join("\n"));
  return slots;
}

/** Runs the worker to its end, and answers its exit code. */
async function served(env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [script], { env, stdio: "inherit" });
  // Ctrl-C reaches it by itself: the terminal signals the whole group. A plain SIGTERM does not.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  const [code] = await once(child, "exit");
  return code ?? 1;
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
