import type { BeatAnswer } from "@reluctant/control";
import { createWakeSignal, type WakeSignal } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import { msToNextBeat } from "./beat-clock.ts";
import { causeOf, type StopCause } from "./slot.ts";

const retryMs = 500;
/** A beat that takes longer counts as failed: the next may get another connection. */
const answerTimeoutMs = 4_000;
/** Fencing keeps the truth safe meanwhile, so a healthy training outlives an outage of Postgres this long. */
const maxUnansweredMs = 600_000;

export interface Lease {
  /** Beats without waiting for the interval. */
  beatNow(): void;
  stop(): Promise<void>;
}

export interface LeaseOptions {
  beat: () => Promise<BeatAnswer>;
  /** Called at every answer that asks to stop, so possibly again and again. */
  onStop: (cause: StopCause) => void;
  log: Logger;
}

/** Keeps an attempt ours: beats until stopped, and hears in the answers when it has to stop. */
export function keepLease({ beat, onStop, log }: LeaseOptions): Lease {
  const wakeSignal: WakeSignal = createWakeSignal();
  const end = new AbortController();
  let lastAnswer = performance.now();
  let unanswered = false;

  const beatOnce = async (): Promise<number> => {
    try {
      const cause = causeOf(await withTimeout(answerTimeoutMs, beat()));
      lastAnswer = performance.now();
      if (unanswered) log.info("beats are answered again");
      unanswered = false;
      if (cause) onStop(cause);
      return msToNextBeat();
    } catch (err) {
      if (!unanswered) log.warn({ err }, "a beat was not answered; training goes on and beats are tried again");
      unanswered = true;
      if (performance.now() - lastAnswer > maxUnansweredMs) onStop("stale");
      return retryMs;
    }
  };
  const run = async () => {
    while (!end.signal.aborted) await wakeSignal.wait(await beatOnce(), end.signal);
  };
  const running = run();
  return {
    beatNow: wakeSignal.notify,
    async stop() {
      end.abort();
      await running;
    },
  };
}

/** Rejects when `promise` takes longer; what it still does then is ignored. */
export function withTimeout<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
