import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Logger } from "@reluctant/telemetry";

/** A coordinator that is on time does no step that takes so long. */
const noticeMs = 1_000;

/**
 * Whether this process itself is late: it had no processor, or was stopped. Then it knows less of Postgres and of workers than it
 * seems. Answers for how long at worst since the last call, in ms; says so in the log, once for each time.
 */
export function watchLateness(log: Logger): () => number {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let late = false;
  return () => {
    const ms = delay.max / 1e6;
    delay.reset();
    if (ms >= noticeMs && !late)
      log.warn({ lateMs: Math.round(ms) }, "this coordinator is late itself: it lacks processor time");
    late = ms >= noticeMs;
    return ms;
  };
}
