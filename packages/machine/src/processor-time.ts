import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Seconds of processor time since the machine began. */
export interface ProcessorTime {
  /** Of all processes, and of what ran on this machine's processors beside it, where it is a virtual one. */
  all: number;
  /** Of this one, with its children that have ended. */
  own: number;
  at: number;
}

/** The kernel's unit of these times: a hundredth of a second, on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Null where the machine does not tell: outside Linux. */
export function processorTime(): ProcessorTime | null {
  if (process.platform !== "linux") return null;
  const [machine = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = machine.split(/\s+/).map(Number);
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before it may hold spaces
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0); // utime, stime, cutime, cstime
  return {
    all: (user + nice + system + irq + softirq + steal) / ticksPerSecond,
    own: own / ticksPerSecond,
    at: performance.now(),
  };
}

/** Share of all cores that other processes took since then; null where the machine does not tell. */
export function othersShareSince(before: ProcessorTime | null): number | null {
  const now = processorTime();
  if (!before || !now) return null;
  const seconds = ((now.at - before.at) / 1000) * cpus().length;
  return Math.max(0, (now.all - before.all - (now.own - before.own)) / seconds);
}
