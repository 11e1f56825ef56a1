import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** A process beyond its number, which is used again: its number and its start, in clock ticks since boot. */
export interface ProcessId {
  pid: number;
  startTime: string;
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
  const stat = await statOf(pid);
  return stat && { pid, startTime: stat.startTime };
}

/** True while exactly this process runs. */
export async function isAlive({ pid, startTime }: ProcessId): Promise<boolean> {
  const stat = await statOf(pid);
  return stat !== null && stat.startTime === startTime && !isDead(stat.state);
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
