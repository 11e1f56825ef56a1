import { type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";

/** What a child tells: which input it begins, and last what all of them came to. */
export type Told<Result> = { starting: number } | { result: Result };

interface Child {
  module: string;
  args: readonly string[];
  options?: ForkOptions;
}

/** A child that ended before its result, or was ended: at which input, and how. */
export interface Lost {
  /** Null where it had begun none. */
  input: number | null;
  what: string;
}

/** Milliseconds: longer than starting, or any limit of processor time, takes on a machine that has much else to do. */
const patience = 120_000;

/**
 * Runs a child to its result. What no process can tell of itself is told by whoever started it: that it died, or stands still.
 * @param wait milliseconds that one input may take before the child is ended
 */
export async function supervise<Result>(child: Child, { wait = patience } = {}): Promise<Result | Lost> {
  const running = fork(child.module, child.args, child.options);
  let input: number | null = null;
  let result: Result | undefined;
  let stoodStill: number | null = null;
  const endAfter = (milliseconds: number) =>
    setTimeout(() => {
      stoodStill = milliseconds / 1000;
      running.kill("SIGKILL");
    }, milliseconds);
  let timer = endAfter(patience);
  running.on("message", (told: Told<Result>) => {
    clearTimeout(timer);
    timer = endAfter(wait);
    if ("starting" in told) input = told.starting;
    else result = told.result;
  });
  // Its last words may still wait to be read when it has ended: the channel closes behind them.
  const [[code, signal]] = (await Promise.all([once(running, "close"), once(running, "disconnect")])) as [
    [number | null, string | null],
    unknown,
  ];
  clearTimeout(timer);
  if (result !== undefined && code === 0) return result;
  if (stoodStill !== null) return { input, what: `stood still for ${stoodStill} s` };
  return { input, what: `ended its process by ${signal ?? `code ${code}`}` };
}
