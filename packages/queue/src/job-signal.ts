import { setTimeout as pause } from "node:timers/promises";
import type { Redis as Client } from "ioredis";
import type { Redis } from "./redis.ts";

/** What a consumer without a job waits on. */
export interface JobSignal {
  /** Resolves when a job may wait, after a second, or when `signal` is aborted. Never rejects. */
  wait(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Longest time that a job waits for us when its marker got lost. */
const pollSeconds = 1;
/** No answer within it, and the connection is as good as gone. */
const answerWithinMs = 5_000;

/**
 * Waits for the markers that BullMQ keeps beside queues that have jobs. Redis gives each to one who waits, whoever waited
 * longest: a notification would wake all, and of a thousand idle workers each would then ask every queue.
 */
export function createJobSignal(redis: Redis, markers: readonly string[]): JobSignal {
  let connection: Client | null = null;
  const leave = () => {
    connection?.disconnect(); // else Redis would give a marker to one who has gone
    connection = null;
  };
  return {
    async wait(signal) {
      if (signal.aborted) return;
      signal.addEventListener("abort", leave);
      connection ??= redis.duplicate({ commandTimeout: answerWithinMs });
      const answer = connection.bzpopmin(...markers, pollSeconds);
      await answer.catch(() => pause(pollSeconds * 1_000, undefined, { signal }).catch(() => {})); // Redis is away, or we leave
      signal.removeEventListener("abort", leave);
    },
    close: leave,
  };
}
