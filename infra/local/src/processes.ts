/**
 * One process of the local stack, started and stopped by name.
 *
 *   stopped ── start ──▶ running ── stop, kill, or its own end ──▶ stopped
 *
 * Nothing outlives the launcher: every process is started through `setpriv --pdeathsig`, so the kernel itself signals it
 * when the launcher ends, however that happens (kill -9 included). No watchdog has to be alive for that.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { ReluctantError } from "@reluctant/contracts";
import type { Identity } from "./machine.ts";

export interface ProcessSpec {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whom the process runs as; the launcher's own user when absent. */
  readonly identity?: Identity | undefined;
  /** Written to standard input, then closed: for configuration that must not show in `ps`. */
  readonly input?: string;
  /** Runs before each start. */
  readonly beforeStart?: () => Promise<void>;
  /** The file that standard output and error are appended to. */
  readonly log: string;
  /** Called with every output line, for launchers that show them. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Called when the process ends without having been asked to. */
  readonly onCrash?: ((name: string, how: string) => void) | undefined;
  /** Ready is either a line it prints, or a probe that answers true. */
  readonly ready: { readonly line: (line: string) => boolean } | { readonly probe: () => Promise<boolean> };
  /** How a polite stop is asked for. */
  readonly stopSignal: NodeJS.Signals;
  /** What the kernel sends when the launcher is gone. */
  readonly orphanSignal: NodeJS.Signals;
}

/** A process that can be killed, frozen and brought back under the same name, port and log. */
export interface Part {
  readonly name: string;
  /** The process id while it runs. */
  readonly pid: number | undefined;
  /** Resolves when ready; harmless when it runs already. */
  start(): Promise<void>;
  /** Asks politely, waits 10 s, then kills the process group; harmless when stopped. */
  stop(): Promise<void>;
  /** Sends the signal to the process alone; after SIGKILL it resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Stops what is left of it and starts it again. */
  restart(): Promise<void>;
}

/** Measured on 2 busy cores: Node with TensorFlow.js is ready in 2–4 s, Postgres after a crash in 1 s. */
const readyWithinMs = 60_000;
const stopWithinMs = 10_000;
const pollMs = 20;
const gatherMs = 100;

/** Lines kept for the message of a failed start. */
const tailLines = 12;

export class ProcessFailed extends ReluctantError {
  readonly output: string;
  constructor(message: string, output: string) {
    super("unavailable", output ? `${message}\n${output}` : message);
    this.name = "ProcessFailed";
    this.output = output;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves with how it ended, for instance "exit code 1" or "SIGKILL". */
  readonly ended: Promise<string>;
  readonly tail: string[];
  readonly sawReadyLine: Promise<void>;
}

export function createProcess(spec: ProcessSpec): Part {
  let running: Running | undefined;
  let stopping = false;

  const start = async () => {
    if (running) return;
    stopping = false;
    await spec.beforeStart?.();
    const started = await launch(spec);
    running = started;
    void started.ended.then((how) => {
      if (running === started) running = undefined;
      if (!stopping) spec.onCrash?.(spec.name, how);
    });
    await untilReady(spec, started).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  };

  const stop = async () => {
    const current = running;
    if (!current) return;
    stopping = true;
    signal(current.pid, "SIGCONT");
    signal(current.pid, spec.stopSignal);
    const inTime = await within(stopWithinMs, current.ended);
    if (inTime === undefined) signal(-current.pid, "SIGKILL");
    await current.ended;
  };

  const kill = async (name: NodeJS.Signals) => {
    if (!running) return;
    const { pid, ended } = running;
    stopping = name === "SIGKILL";
    signal(pid, name);
    if (name === "SIGKILL") await ended;
  };

  return {
    name: spec.name,
    get pid() {
      return running?.pid;
    },
    start,
    stop,
    kill,
    freeze: () => running && signal(running.pid, "SIGSTOP"),
    thaw: () => running && signal(running.pid, "SIGCONT"),
    restart: async () => {
      await stop();
      await start();
    },
  };
}

/** The command line that ties a program's life to ours and, for root, gives it another user. */
export function boundToUs(command: readonly string[], orphanSignal: NodeJS.Signals, identity?: Identity): string[] {
  const user = identity ? [`--reuid=${identity.uid}`, `--regid=${identity.gid}`, "--clear-groups"] : [];
  return ["setpriv", ...user, `--pdeathsig=${orphanSignal.slice(3)}`, "--", ...command];
}

async function launch(spec: ProcessSpec): Promise<Running> {
  await mkdir(dirname(spec.log), { recursive: true });
  const log = createWriteStream(spec.log, { flags: "a", mode: 0o600 });
  const [program, ...args] = boundToUs(spec.command, spec.orphanSignal, spec.identity);
  // A group of its own: Ctrl-C in the terminal reaches the launcher alone, which then stops the parts in order.
  const child = spawn(program as string, args, { cwd: spec.cwd, env: spec.env, stdio: "pipe", detached: true });
  const failedToSpawn = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(new ProcessFailed(`${spec.name} could not be started.`, error.message)));
  });
  failedToSpawn.catch(() => undefined);
  if (child.pid === undefined) await failedToSpawn;
  child.stdin.on("error", () => undefined); // it ended before it read its input: the end itself is reported
  child.stdin.end(spec.input ?? "");

  const tail: string[] = [];
  let isReadyLine = "line" in spec.ready ? spec.ready.line : () => false;
  let sawReadyLine = () => {};
  const readyLine = new Promise<void>((resolve) => {
    sawReadyLine = resolve;
  });
  const onLine = (line: string) => {
    gatherWrites(log);
    log.write(`${line}\n`);
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
    spec.onLine?.(line);
    if (!isReadyLine(line)) return;
    isReadyLine = () => false; // said once: what follows is not read
    sawReadyLine();
  };
  createInterface(child.stdout).on("line", onLine);
  createInterface(child.stderr).on("line", onLine);
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, name) => resolve(name ?? `exit code ${code}`));
    child.once("close", () => log.end());
  });
  return { child, pid: child.pid as number, ended, tail, sawReadyLine: readyLine };
}

/** Lines of a moment are written in one piece: a write each takes more of the processor than to read them. */
function gatherWrites(log: Writable): void {
  if (log.writableCorked > 0) return;
  log.cork();
  setTimeout(() => log.uncork(), gatherMs).unref();
}

async function untilReady(spec: ProcessSpec, { ended, tail, sawReadyLine }: Running): Promise<void> {
  const giveUp = new AbortController();
  const ready = "line" in spec.ready ? sawReadyLine : untilTrue(spec.ready.probe, giveUp.signal);
  const end = ended.then((how) => `ended with ${how}`);
  const problem = await within(readyWithinMs, Promise.race([ready.then(() => null), end]));
  giveUp.abort();
  if (problem === null) return;
  const what = problem ?? `was not ready after ${readyWithinMs / 1000} s`;
  throw new ProcessFailed(`${spec.name} ${what}; its log is ${spec.log}`, tail.join("\n"));
}

async function untilTrue(probe: () => Promise<boolean>, until: AbortSignal): Promise<void> {
  while (!until.aborted && !(await probe().catch(() => false))) await delay(pollMs);
}

/** The promise's value, or undefined when it did not settle in time. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const late = delay(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** A process that is gone needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
