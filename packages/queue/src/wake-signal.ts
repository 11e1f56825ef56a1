/** What a loop sleeps on between two looks: `notify` ends its sleep, and one that came while it was busy the next. */
export interface WakeSignal {
  notify(): void;
  /**
   * Resolves once notified (also since the last wait), after `ms`, or when `signal` is aborted.
   * @throws Error while another waits, who would sleep on: each loop has a signal of its own
   */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWakeSignal(): WakeSignal {
  let notified = false;
  let wake: (() => void) | null = null;
  return {
    notify() {
      notified = true;
      wake?.();
    },
    async wait(ms, signal) {
      if (wake) throw new Error("a wake signal has one waiter at a time");
      if (!notified && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const end = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            wake = null;
            resolve();
          };
          const timer = setTimeout(end, ms);
          signal.addEventListener("abort", end);
          wake = end;
        });
      }
      notified = false;
    },
  };
}
