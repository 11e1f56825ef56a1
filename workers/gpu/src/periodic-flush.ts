import type { Written } from "@reluctant/control";
import { createWakeSignal } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import { retryUnavailable } from "./retry-unavailable.ts";

const flushMs = 1_000;

export interface PeriodicFlush {
  /** Sends the rest, waiting for Postgres if need be. @throws the signal's reason once aborted */
  finish(signal: AbortSignal): Promise<void>;
}

/** Flushes about once a second; what could not be sent goes with the next flush. */
export function startPeriodicFlush(options: {
  flushes: (() => Promise<Written>)[];
  onStale: () => void;
  log: Logger;
}): PeriodicFlush {
  const { flushes, onStale, log } = options;
  const wakeSignal = createWakeSignal();
  const end = new AbortController();

  const flushAll = async () => {
    for (const flush of flushes) if ((await flush()) === "stale") onStale();
  };
  const run = async () => {
    while (!end.signal.aborted) {
      await wakeSignal.wait(flushMs, end.signal);
      await flushAll().catch((err: unknown) => log.debug({ err }, "metrics or logs wait for the next flush"));
    }
  };
  const running = run();
  return {
    async finish(signal) {
      end.abort();
      await running;
      await retryUnavailable(flushAll, { signal, log });
    },
  };
}
