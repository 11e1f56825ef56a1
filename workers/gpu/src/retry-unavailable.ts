import { setTimeout as delay } from "node:timers/promises";
import { StoreUnavailable } from "@reluctant/artifacts";
import { isUnavailable } from "@reluctant/db";
import type { Logger } from "@reluctant/telemetry";

const retryMs = 500;

/**
 * Repeats a command while Postgres, or the store of artifacts, is out of reach. Every command here is fenced and idempotent, so one whose answer
 * got lost does no harm.
 * @throws the signal's reason once aborted, and whatever is not an outage
 */
export async function retryUnavailable<T>(
  command: () => Promise<T>,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<T> {
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    try {
      return await command();
    } catch (err) {
      const away = err instanceof StoreUnavailable ? "the store of artifacts" : isUnavailable(err) ? "Postgres" : null;
      if (away === null) throw err;
      if (!waited) log.warn({ err }, `${away} is out of reach; trying again until it answers`);
      await delay(retryMs, undefined, { signal }).catch(() => {});
    }
  }
}
