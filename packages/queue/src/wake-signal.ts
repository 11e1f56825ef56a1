/** What a loop sleeps on between two looks: `notify` ends its sleep, and one that came while it was busy the next. */
export interface WakeSignal {
  notify(): void;
  /** Resolves once notified (also since the last wait), after `ms`, or when `signal` is aborted. One waiter at a time. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWakeSignal(): WakeSignal {
  let notified = false;
  let wake = () => {};
  return {
    notify() {
      notified = true;
      wake();
    },
    async wait(ms, signal) {
      if (!notified && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => wake(), ms);
          wake = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", wake);
            resolve();
          };
          signal.addEventListener("abort", wake);
        });
      }
      notified = false;
    },
  };
}
