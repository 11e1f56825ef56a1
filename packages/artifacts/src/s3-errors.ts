import { StoreUnavailable } from "./byte-store.ts";

/** What the SDK's errors have beside their name and message. */
interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number };
  $retryable?: { throttling?: boolean };
  code?: string;
}

const statusOf = (error: unknown): number | undefined => (error as SdkError).$metadata?.httpStatusCode;

/** The condition `If-None-Match: *` does not hold: an object has that name. */
export const isThere = (error: unknown): boolean => statusOf(error) === 412;

/** Another request was writing the same name: what it comes to is seen on asking again. */
export const isConflict = (error: unknown): boolean => statusOf(error) === 409;

/** No object has that name. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404;

/** The store answered, and will not: no such key or bucket, no right to it. */
export const isRefused = (error: unknown): boolean => {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 429;
};

/** No answer, or one that says to come again: a code of the network's, a timeout, 429, 5xx. */
function isAway(error: unknown): boolean {
  const { name, code, $retryable } = error as SdkError;
  const status = statusOf(error);
  return (
    (status !== undefined && (status === 429 || status >= 500)) ||
    $retryable?.throttling === true ||
    name === "TimeoutError" ||
    name === "AbortError" ||
    /^(E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_AGAIN)|ENOTFOUND)/.test(code ?? "")
  );
}

/** Asks the store of that name, by the SDK, which has tried several times by itself. @throws StoreUnavailable */
export const answered =
  (location: string) =>
  async <T>(send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      throw isAway(error) ? new StoreUnavailable(location, { cause: error }) : error;
    }
  };
