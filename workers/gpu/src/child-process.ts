import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type FromChild, fromChildSchema, type ToChild } from "@reluctant/contracts";
import { groupGone, isStopped, outOfMemoryKills, signalGroup } from "@reluctant/machine";
import type { ChildEnd } from "./slot.ts";

export interface ChildOptions {
  script: URL;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  onMessage(message: FromChild): void;
  /** Standard output and error, as they come. */
  onOutput(bytes: Uint8Array): void;
}

/** A training process in a process group of its own, reached through a pipe. */
export interface Child {
  readonly pid: number;
  /** Harmless when the child is gone. */
  send(message: ToChild): void;
  /** SIGKILL to the whole group. */
  kill(): void;
  /** Resolves when every process of the group is gone and all that it said is delivered. Never rejects. */
  readonly gone: Promise<ChildEnd>;
}

/** What a child may know of our environment: where libraries and devices are, never where Postgres and Redis are. */
const passedVariables =
  /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|LIBTENSORFLOW|LIBTORCH|CXX|UV_THREADPOOL_SIZE|(CUDA|CUBLAS|NVIDIA|OMP|MKL|PYTORCH|TF|TFJS)_.*|RELUCTANT_(BACKEND|THREADS|DECODE_THREADS|DETERMINISTIC|CACHE|PI_CACHE|PI_LEVEL))$/;
export const childEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => passedVariables.test(name)));

/** How often a child is looked at that somebody may have stopped: it would hold its slot for ever. */
const lookMs = 1_000;
const maxLastLines = 20;
/** How long a pipe may stay open when all its writers are gone. */
const pipesCloseTimeoutMs = 2_000;

export function startChild({ script, args, env, onMessage, onOutput }: ChildOptions): Child {
  const child = fork(script, [...args], {
    detached: true, // its own process group
    // Images that are no JPEGs are decoded in libuv's pool, which has four threads unless told.
    env: { UV_THREADPOOL_SIZE: `${availableParallelism()}`, ...childEnvironment(env) },
    execArgv: [],
    serialization: "json",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const errors = new LastLines(maxLastLines);
  const killsBefore = outOfMemoryKills();
  child.stdout?.on("data", onOutput);
  child.stderr?.on("data", (bytes: Buffer) => {
    errors.add(bytes.toString("utf8"));
    onOutput(bytes);
  });
  child.on("message", (message) => {
    const parsed = fromChildSchema.safeParse(message);
    if (parsed.success) return onMessage(parsed.data);
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    errors.add(`the supervisor could not read a message: ${faults.join("; ")}\n`);
    kill();
  });
  const kill = () => {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  };
  const goOn = async () => {
    if (child.pid === undefined || !(await isStopped(child.pid))) return;
    onOutput(Buffer.from("the training process had been stopped; it is made to go on\n"));
    signalGroup(child.pid, "SIGCONT");
  };
  const looks = setInterval(() => void goOn().catch(() => {}), lookMs);
  child.once("exit", () => clearInterval(looks));
  child.once("error", () => clearInterval(looks));
  return {
    pid: child.pid ?? 0,
    send(message) {
      if (child.connected) child.send(message, () => {}); // its end is told by `gone`
    },
    kill,
    gone: end(child, kill).then(async ({ code, signal }) => ({
      code,
      signal,
      outOfMemory: (await outOfMemoryKills()) > (await killsBefore),
      lastLines: errors.lines(),
    })),
  };
}

async function end(
  child: ChildProcess,
  kill: () => void,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const closed = Promise.all([once(child, "close"), child.connected ? once(child, "disconnect") : null]).catch(
    () => {},
  );
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("exit", (...how) => resolve(how));
    child.once("error", () => resolve([null, null])); // it could not be started
  });
  kill(); // whatever it started itself
  if (child.pid !== undefined) await groupGone(child.pid);
  await Promise.race([closed, delay(pipesCloseTimeoutMs, undefined, { ref: false })]);
  return { code, signal };
}

/** The last lines of a text that arrives in pieces. */
class LastLines {
  private readonly limit: number;
  private text = "";
  constructor(limit: number) {
    this.limit = limit;
  }
  add(piece: string): void {
    this.text = (this.text + piece).slice(-16_384);
  }
  lines(): string[] {
    return this.text
      .split("\n")
      .filter((line) => line.trim())
      .slice(-this.limit);
  }
}
