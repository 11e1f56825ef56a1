import { type Event, eventSchema } from "@reluctant/contracts";
import { AnswerError, ApiError, UnreachableError } from "./errors.ts";
import { type Http, path } from "./http.ts";
import { sleep } from "./retry.ts";
import { sseMessages } from "./sse.ts";

export interface EventsOptions {
  /** Only this experiment's events; the whole team's otherwise. */
  experimentId?: string;
  /** Cursor of the last event already seen; from the beginning otherwise. */
  after?: string | undefined;
  signal?: AbortSignal;
  /** Told when the stream is connected and when it waits to connect again. */
  onConnection?: (state: "open" | "waiting") => void;
}

/** Wait before connecting again, doubled up to the most, from the first again after a message. Milliseconds. */
const initialBackoffMs = 250;
const maxBackoffMs = 5_000;
/** A stream silent for so long is taken for dead; the API sends a comment every few seconds. */
const idleTimeoutMs = 30_000;

/**
 * Events in commit order, each exactly once, until `signal` aborts. A lost connection is taken up after the last event
 * delivered. Throws ApiError when the API refuses (a 4xx), never for an outage.
 */
export async function* events(
  http: Http,
  { experimentId, after, signal, onConnection }: EventsOptions = {},
): AsyncGenerator<Event> {
  const where = experimentId ? path`/experiments/${experimentId}/events` : "/events";
  let cursor = after;
  let backoffMs = initialBackoffMs;
  while (!signal?.aborted) {
    try {
      for await (const message of connect(http, where, cursor, signal, onConnection)) {
        backoffMs = initialBackoffMs;
        if (!message) continue;
        cursor = message.id || cursor;
        const event = readEvent(message.data, where);
        if (event) yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!isTransient(error)) throw error;
      backoffMs = Math.max(backoffMs, Math.min(retryAfter(error), maxBackoffMs));
    }
    onConnection?.("waiting");
    await sleep(backoffMs * (0.75 + Math.random() / 2), signal); // spread, so that clients of a restarted API do not all come at once
    backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
  }
}

/** Messages of one connection; closes it when the reader leaves, when `signal` aborts, and after too long a silence. */
async function* connect(
  http: Http,
  where: string,
  cursor: string | undefined,
  signal: AbortSignal | undefined,
  onConnection: EventsOptions["onConnection"],
) {
  const connection = new AbortController();
  const close = () => connection.abort();
  signal?.addEventListener("abort", close, { once: true });
  let watchdog = setTimeout(close, idleTimeoutMs);
  try {
    const headers = { accept: "text/event-stream", ...(cursor && { "last-event-id": cursor }) };
    const response = await http.sendOnce(where, { headers, signal: connection.signal });
    const { body } = response;
    if (!body || !response.headers.get("content-type")?.startsWith("text/event-stream"))
      throw new AnswerError(`GET ${where}`, null);
    onConnection?.("open");
    for await (const message of sseMessages(chunks(body))) {
      clearTimeout(watchdog);
      watchdog = setTimeout(close, idleTimeoutMs);
      yield message;
    }
  } finally {
    clearTimeout(watchdog);
    signal?.removeEventListener("abort", close);
    close();
  }
}

/** The body's chunks; browsers that cannot iterate streams are the reason for the loop. */
async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const read = () =>
    reader
      .read()
      .catch((error: unknown) => Promise.reject(new ConnectionLost("the stream broke off", { cause: error })));
  for (let chunk = await read(); !chunk.done; chunk = await read()) yield chunk.value;
}

class ConnectionLost extends Error {}

const knownTypes = new Set<unknown>(eventSchema.options.map((option) => option.shape.type.value));

/** Null for a type that only a newer API knows: a client must not stop for news it cannot use. */
function readEvent(data: string, where: string): Event | null {
  try {
    const value = JSON.parse(data) as { type?: unknown };
    return knownTypes.has(value.type) ? eventSchema.parse(value) : null;
  } catch (error) {
    throw new AnswerError(`GET ${where}`, error);
  }
}

/** Milliseconds that the API asks to wait. */
const retryAfter = (error: unknown): number =>
  error instanceof ApiError && error.retryAfterSeconds !== null ? error.retryAfterSeconds * 1_000 : 0;

/** Outages heal, and so does what our own watchdog aborted; refusals and unknown shapes do not. */
function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500 || error.status === 429;
  return (
    error instanceof UnreachableError ||
    error instanceof ConnectionLost ||
    (error instanceof Error && error.name === "AbortError")
  );
}
