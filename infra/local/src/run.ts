/** Keeps a local stack up until it is interrupted: `reluctant up`, which is `npm start`. */
import { type Stack, type StackOptions, startStack } from "./stack.ts";

export interface RunOptions {
  /** Holds the data and logs; a stack started there before goes on with them. */
  readonly dir: string;
  /** Slots of its worker. */
  readonly slots: number;
  /** DATABASE_URL and REDIS_URL stand in for the Postgres and Redis of this stack; the rest is handed on. */
  readonly env?: NodeJS.ProcessEnv;
  readonly onStart?: StackOptions["onStart"];
  /** Told what a person wants to know: that it is up, how to log in, that it stops. */
  readonly say: (text: string) => void;
  /** Called once it is up, with what is aborted when it stops. */
  readonly onUp?: (stack: Stack, stopping: AbortSignal) => void;
  /** Told what goes wrong while it is up. */
  readonly warn: (text: string) => void;
}

/** Resolves after the stack was interrupted and has stopped. @throws Error when it does not come up */
export async function runStack({ dir, slots, env = process.env, say, warn, onUp, ...told }: RunOptions): Promise<void> {
  const interrupted = untilInterrupted();
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = env;
  const onCrash = (name: string, how: string) => warn(`${name} ended with ${how}; see ${dir}/logs/${name}.log`);
  const options = { dir, workers: 1, slots, env, databaseUrl, redisUrl, ...told, onCrash };
  const stack = await startUnlessInterrupted(options, interrupted);
  if (!stack) return;
  say(`Reluctant is up at ${stack.address}
Log in once, within 5 minutes: ${stack.credentials?.loginLink}
Token for clients: ${dir}/token · logs: ${dir}/logs · Ctrl-C stops everything`);
  const stopping = new AbortController();
  onUp?.(stack, stopping.signal);
  await interrupted;
  stopping.abort();
  say("Stopping …");
  await stack.stop();
}

/** Null when it was interrupted while it came up: what had started is stopped, and what was half-written is gone. */
export async function startUnlessInterrupted(options: StackOptions, interrupted: Promise<void>): Promise<Stack | null> {
  const starting = new AbortController();
  void interrupted.then(() => starting.abort(new Error("interrupted while starting")));
  try {
    return await startStack({ ...options, signal: starting.signal });
  } catch (error) {
    if (starting.signal.aborted) return null;
    throw error;
  }
}

/** Resolves at the first Ctrl-C, SIGTERM or closed terminal; a second one ends this process, and the kernel the parts. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const first = () => {
      for (const signal of signals) process.off(signal, first);
      resolve();
    };
    for (const signal of signals) process.on(signal, first);
  });
}
