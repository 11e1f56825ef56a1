/**
 * A folder to build in, beside what is built. It does not outlive the build: it goes when the build ends, fails or is
 * interrupted, and what a killed process left goes with the next build.
 */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

export interface BuildFolder {
  readonly path: string;
  /** Notes a process that works in the folder, so that it ends with an interrupted build. */
  worksHere(pid: number | undefined): void;
}

/** @throws Error that names the folder and TFJS_TORCH_CACHE where it cannot be written */
export async function inBuildFolder<T>(parent: string, build: (folder: BuildFolder) => Promise<T>): Promise<T> {
  const path = await makeFolder(parent);
  const workers: number[] = [];
  const remove = () => {
    for (const pid of workers) killTree(pid);
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }); // what was killed may write a little longer
  };
  const release = onceInterrupted(remove);
  try {
    return await build({ path, worksHere: (pid) => pid !== undefined && workers.push(pid) });
  } finally {
    release();
    remove();
  }
}

async function makeFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    await sweep(parent);
    return await mkdtemp(join(parent, `${prefix}${process.pid}-${startOf(process.pid)}-${place()}-`));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`the folder ${parent} cannot be written (${code}): set TFJS_TORCH_CACHE to a folder that can`, {
      cause: error,
    });
  }
}

const prefix = ".building-";
/** Process, when it began, and where such numbers mean anything. */
const form = /^\.building-(\d+)-(\d+)-([0-9a-f]{12})-\w{6}$/;

/** A build takes a minute or two: what is older was left, whoever made it, by another machine that shares the folder perhaps. */
const leftAfterMs = 60 * 60 * 1_000;

async function sweep(parent: string): Promise<void> {
  for (const name of (await readdir(parent)).filter((entry) => entry.startsWith(prefix))) {
    const [, pid, start, where] = form.exec(name) ?? [];
    const path = join(parent, name);
    const isLeft = where === place() ? startOf(Number(pid)) !== start : await isOld(path);
    // Another build may sweep at the same time, and another user's is not ours to remove.
    if (isLeft) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

const isOld = async (path: string): Promise<boolean> => {
  const written = await stat(path).catch(() => null);
  return written !== null && Date.now() - written.mtimeMs > leftAfterMs;
};

/** When a process began, in ticks since the machine did; "0" where there is no such process. Its number alone comes again. */
function startOf(pid: number): string {
  const fields = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  return fields[19] ?? "0";
}

/** The running machine and the process numbers of one container. */
function place(): string {
  const parts = [hostname(), read("/proc/sys/kernel/random/boot_id"), namespaceOf("pid")];
  return createHash("sha256").update(parts.join()).digest("hex").slice(0, 12);
}

function namespaceOf(kind: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return "";
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** A compiler starts others, which do not end with it. */
function killTree(pid: number): void {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // ended by itself
  }
  for (const child of children) killTree(Number(child));
}

/** Calls `end` when this process ends before `release`. Where it answers a signal by itself, that decides whether it ends. */
function onceInterrupted(end: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    end();
    release();
    process.kill(process.pid, signal);
  };
  const release = () => {
    process.off("exit", end);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on("exit", end);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}
