import { createWakeSignal } from "@reluctant/queue";

/** Open while the worker is in service: the control plane's drain closes it, an undrain opens it again. */
export interface ServiceGate {
  /** Aborted when it closes. */
  readonly closed: AbortSignal;
  /** False when it is closed already. */
  close(): boolean;
  /** False when it is open already. */
  open(): boolean;
  /** Resolves once it is open, or when `signal` is aborted. */
  opened(signal: AbortSignal): Promise<void>;
}

export function createServiceGate(): ServiceGate {
  const wakeSignal = createWakeSignal();
  let closing = new AbortController();
  return {
    get closed() {
      return closing.signal;
    },
    close() {
      if (closing.signal.aborted) return false;
      closing.abort();
      return true;
    },
    open() {
      if (!closing.signal.aborted) return false;
      closing = new AbortController();
      wakeSignal.notify();
      return true;
    },
    async opened(signal) {
      while (closing.signal.aborted && !signal.aborted) await wakeSignal.wait(60_000, signal);
    },
  };
}
