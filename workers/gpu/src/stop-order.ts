import type { Logger } from "@reluctant/telemetry";
import { mostUrgent, type StopCause } from "./slot.ts";

/** A worker that is forced to drain and cannot reach Postgres leaves its attempt to the lease, which costs the user nothing. */
const forceDrainMs = 10_000;

/** Whether an attempt has to stop, and why. It may be given in every phase, and only ever becomes more urgent. */
export interface StopOrder {
  /** The most urgent cause given; null lets the attempt go on. */
  readonly cause: StopCause | null;
  /** Aborted by any cause: ends what happens before there is a child. */
  readonly given: AbortSignal;
  /** Aborted when the attempt is not ours any more: ends every write. */
  readonly stale: AbortSignal;
  give(cause: StopCause): void;
  /** Calls with the cause that stands, and with each that replaces it, until the returned function is called. */
  follow(onCause: (cause: StopCause) => void): () => void;
  /** Leaves no timer behind. */
  close(): void;
}

export function createStopOrder(log: Logger): StopOrder {
  const given = new AbortController();
  const stale = new AbortController();
  const followers = new Set<(cause: StopCause) => void>();
  let cause: StopCause | null = null;
  let forced: NodeJS.Timeout | undefined;

  const give = (asked: StopCause) => {
    if (asked === "forceDrain") forced ??= setTimeout(() => give("stale"), forceDrainMs);
    const before = cause;
    cause = mostUrgent(before, asked);
    if (cause === before) return;
    log.info({ cause }, "the attempt is asked to stop");
    if (cause === "stale") stale.abort(new Error("the attempt is not this worker's any more"));
    given.abort(new Error(`the attempt was stopped: ${cause}`));
    for (const onCause of followers) onCause(cause);
  };

  return {
    get cause() {
      return cause;
    },
    given: given.signal,
    stale: stale.signal,
    give,
    follow(onCause) {
      followers.add(onCause);
      if (cause) onCause(cause);
      return () => followers.delete(onCause);
    },
    close: () => clearTimeout(forced),
  };
}
