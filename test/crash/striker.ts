import { setTimeout as pause } from "node:timers/promises";

/**
 * Strikes again and again for `seconds`, `everySeconds` apart, a number or drawn anew each time. One that throws ends it: a part
 * that does not come back is a fault of its own.
 */
export async function strikeFor(
  seconds: number,
  everySeconds: number | (() => number),
  strike: (number: number) => Promise<unknown> | unknown,
): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let strikes = 0;
  const next = () => (typeof everySeconds === "number" ? everySeconds : everySeconds()) * 1_000;
  for (let at = performance.now() + next(); at < end; at += next()) {
    await pause(Math.max(0, at - performance.now()));
    await strike(++strikes);
  }
  return strikes;
}

/** For so long the processes have a tenth of a processor's time at most: stopped and let go, ten times a second. */
export async function starve(seconds: number, processes: () => Promise<number[]> | number[]): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  const signal = (pids: number[], name: NodeJS.Signals) => {
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch {} // it has ended
    }
  };
  while (performance.now() < end) {
    const pids = await processes();
    signal(pids, "SIGSTOP");
    await pause(450);
    signal(pids, "SIGCONT");
    await pause(50);
  }
}

export const elapsed = (since: number): number => (performance.now() - since) / 1_000;
