import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** A process beyond its number, which is used again: its number and its start, in clock ticks since boot. */
export interface ProcessId {
  pid: number;
  startTime: string;
  /** Where such numbers mean the same: this boot of this machine, and in it this container. */
  place: string;
}

/** Fields of `/proc/PID/stat` after the command, which may itself hold spaces and parentheses. */
async function statOf(pid: number | string): Promise<{ state: string; group: number; startTime: string } | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", group: Number(fields[2]), startTime: fields[19] ?? "" };
  } catch {
    return null;
  }
}

export async function identify(pid: number): Promise<ProcessId | null> {
  const [stat, place] = await Promise.all([statOf(pid), placeOf()]);
  return stat && { pid, startTime: stat.startTime, place };
}

/** Nothing can be told from here of a process `elsewhere`: on another machine or in another container, or before a reboot. */
export async function standingOf({ pid, startTime, place }: ProcessId): Promise<"alive" | "dead" | "elsewhere"> {
  const [stat, here] = await Promise.all([statOf(pid), placeOf()]);
  if (place !== here) return "elsewhere";
  return stat !== null && stat.startTime === startTime && !isDead(stat.state) ? "alive" : "dead";
}

/** True while exactly this process runs. */
export const isAlive = async (process: ProcessId): Promise<boolean> => (await standingOf(process)) === "alive";

/** True while the process is stopped, as by SIGSTOP: it lives, and does nothing. */
export const isStopped = async (pid: number): Promise<boolean> => (await statOf(pid))?.state === "T";

async function placeOf(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "");
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${boot.trim()} ${namespace}`;
}

const isDead = (state: string) => state === "Z" || state === "X";

/** Harmless when the group is gone. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Resolves once no process of the group runs any more. Zombies, which hold neither memory nor a GPU, do not count. */
export async function groupGone(group: number): Promise<void> {
  while (await groupRuns(group)) await delay(20);
}

async function groupRuns(group: number): Promise<boolean> {
  try {
    process.kill(-group, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await statOf(name);
    if (stat?.group === group && !isDead(stat.state)) return true;
  }
  return false;
}

/** Processes that the kernel ended for lack of memory since boot; 0 where that is not told. */
export async function outOfMemoryKills(): Promise<number> {
  const text = await readFile("/proc/vmstat", "latin1").catch(() => "");
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
