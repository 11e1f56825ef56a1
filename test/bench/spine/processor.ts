import { readdirSync, readFileSync } from "node:fs";
import type { Stack } from "@reluctant/local";

/** Whose processor time is told apart: the parts of the stack, and this process, which holds clients and slots. */
const parts = ["postgres", "redis", "coordinator", "api"] as const;

/** Milliseconds of processor that each part has taken since it began, this process among them as `bench`. */
export function processorOf(stack: Stack): Record<string, number> {
  const children = childrenOf();
  const taken = parts.map((name) => {
    const pid = stack.part(name).pid as number;
    return [name, [pid, ...(children.get(pid) ?? [])].reduce((sum, each) => sum + processorMs(each), 0)] as const;
  });
  const { user, system } = process.cpuUsage();
  return { ...Object.fromEntries(taken), bench: (user + system) / 1_000 };
}

/** What each part took between two moments. */
export const between = (before: Record<string, number>, after: Record<string, number>): [name: string, ms: number][] =>
  Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)]);

/** The kernel counts in ticks of 10 ms. */
const tickMs = 10;

/** In user and kernel mode, and of its children that have ended: Postgres has a process for each connection. */
const processorMs = (pid: number): number =>
  statOf(pid)
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * tickMs, 0);

/** Fields of /proc/PID/stat from the state on; none of a process that is gone. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return [];
  }
}

function childrenOf(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = Number(statOf(Number(name))[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}
