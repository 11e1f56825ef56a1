/** What a loop sleeps on between two looks: a ring ends its sleep, and one that came while it was busy the next. */
export interface Bell {
  ring(): void;
  /** Resolves at a ring (also one since the last wait), after `ms`, or when `signal` is aborted. One waiter at a time. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake = () => {};
  return {
    ring() {
      rung = true;
      wake();
    },
    async wait(ms, signal) {
      if (!rung && !signal.aborted) {
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
      rung = false;
    },
  };
}
