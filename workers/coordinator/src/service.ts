import { setTimeout as pause } from "node:timers/promises";
import { createWakeSignal } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";

/** Something that runs until stopped; both calls may be repeated, and a stopped one may start again. */
export interface Service {
  start(): void;
  /** Resolves when its last round is over. */
  stop(): Promise<void>;
}

export interface PeriodicService extends Service {
  /** The next round begins now, or as soon as the present one is over. */
  notify(): void;
}

interface PeriodicServiceOptions {
  name: string;
  everyMs: number;
  /** Least time from the beginning of a round to that of the next; whoever notifies meanwhile has one round together. */
  spacingMs?: number;
  work: () => Promise<void>;
  log: Logger;
}

/** Does one round of `work` whenever it is notified, and at least every `everyMs`. */
export function periodicService({ name, everyMs, spacingMs = 0, work, log }: PeriodicServiceOptions): PeriodicService {
  const wakeSignal = createWakeSignal();
  let running: { end: AbortController; done: Promise<void> } | null = null;

  const run = async (signal: AbortSignal) => {
    let failing = false;
    while (!signal.aborted) {
      const next = performance.now() + spacingMs;
      try {
        await work();
        if (failing) log.info({ service: name }, "works again");
        failing = false;
      } catch (err) {
        if (!failing) log.warn({ err, service: name }, "a round failed; it is tried again until it works");
        failing = true;
      }
      await wakeSignal.wait(everyMs, signal);
      const early = next - performance.now();
      if (early > 0) await pause(early, undefined, { signal }).catch(() => {}); // aborted
    }
  };

  return {
    notify: wakeSignal.notify,
    start() {
      if (running) return;
      const end = new AbortController();
      running = { end, done: run(end.signal) };
    },
    async stop() {
      const stopping = running;
      stopping?.end.abort();
      await stopping?.done;
      if (running === stopping) running = null;
    },
  };
}
