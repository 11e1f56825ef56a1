import { createBell } from "@reluctant/queue";

/** Whether the worker is in service: the control plane's drain ends it, an undrain begins it again. */
export interface InService {
  /** Aborted when the present service ends. */
  readonly over: AbortSignal;
  /** False when it is over already. */
  end(): boolean;
  /** False when it has begun already. */
  begin(): boolean;
  /** Resolves once in service, or when `signal` is aborted. */
  begun(signal: AbortSignal): Promise<void>;
}

export function inService(): InService {
  const bell = createBell();
  let service = new AbortController();
  return {
    get over() {
      return service.signal;
    },
    end() {
      if (service.signal.aborted) return false;
      service.abort();
      return true;
    },
    begin() {
      if (!service.signal.aborted) return false;
      service = new AbortController();
      bell.ring();
      return true;
    },
    async begun(signal) {
      while (service.signal.aborted && !signal.aborted) await bell.wait(60_000, signal);
    },
  };
}
