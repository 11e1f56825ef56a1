import { ApiError } from "./errors.ts";

/** Waits of more than this are the caller's to decide on. */
const maxRetryAfterSeconds = 30;
const maxRetries = 3;

/** A request as far as sending it again goes. */
export interface SentRequest {
  /** Sending it twice is the same as once: a read, a deletion, or what has an Idempotency-Key. */
  idempotent: boolean;
  /** Its body can be sent again: a stream is used up. */
  resendable: boolean;
  /** How often it was sent again already. */
  retries: number;
}

/**
 * Seconds until the request may be sent again after this error, or null where it may not. The API says when
 * (`Retry-After`); where it had no room for the request, it did nothing, so that any may be sent again.
 */
export function secondsUntilRetry(error: unknown, { idempotent, resendable, retries }: SentRequest): number | null {
  if (!(error instanceof ApiError) || error.retryAfterSeconds === null) return null;
  const { status, problem, retryAfterSeconds } = error;
  const refusedUnread = status === 429 || problem.code === "busy";
  if (!refusedUnread && !(problem.code === "unavailable" && idempotent)) return null;
  return resendable && retries < maxRetries && retryAfterSeconds <= maxRetryAfterSeconds ? retryAfterSeconds : null;
}

/** Half as long again at most, so that clients that were refused together do not come back together. */
export const withJitter = (milliseconds: number): number => milliseconds * (1 + Math.random() / 2);

/** Ends early when `signal` aborts. */
export const sleep = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done, { once: true });
    if (signal?.aborted) done();
  });
