import { setTimeout as sleep } from "node:timers/promises";
import type { Event, EventPage } from "@reluctant/contracts";
import { isUnavailable } from "@reluctant/db";
import { createWakeSignal, type Notifications } from "@reluctant/queue";

interface StreamInput {
  /** What was read before the answer began. */
  first: EventPage;
  /** Events after a cursor, oldest first; fewer than `pageSize` when there are no more for now. */
  read(after: string): Promise<EventPage>;
  pageSize: number;
  notifications: Notifications;
  signal: AbortSignal;
}

/** Looked for at least so often; a notification makes it sooner, though not sooner than `leastPauseMs` after the last look. */
const pollMs = 1_000;
const leastPauseMs = 50;
/** Proxies and clients take a connection that is silent for longer for dead. */
const heartbeatMs = 15_000;

/**
 * The text of an SSE answer: the first events, then the following as they are committed, until `signal` aborts.
 * Each message's id is its cursor. Redis only makes it faster, and an outage of Postgres only makes it wait.
 */
export async function* eventStream({
  first,
  read,
  pageSize,
  notifications,
  signal,
}: StreamInput): AsyncGenerator<string> {
  const wakeSignal = createWakeSignal();
  const unsubscribe = notifications.on("events", wakeSignal.notify);
  let page: EventPage | null = first;
  let cursor = first.cursor;
  let lastSent = Date.now();
  try {
    yield "retry: 1000\n\n";
    while (!signal.aborted) {
      const news = page?.events.map(message).join("");
      if (news || Date.now() - lastSent >= heartbeatMs) {
        lastSent = Date.now();
        yield news || ": still here\n\n";
      }
      if (!page || page.events.length < pageSize) {
        await sleep(leastPauseMs, undefined, { signal }).catch(() => {}); // aborted: the loop ends
        await wakeSignal.wait(pollMs - leastPauseMs, signal);
      }
      page = await read(cursor).catch(noEventsWhileUnavailable);
      cursor = page?.cursor ?? cursor;
    }
  } finally {
    unsubscribe();
  }
}

const message = (event: Event): string => `id: ${event.cursor}\ndata: ${JSON.stringify(event)}\n\n`;

function noEventsWhileUnavailable(error: unknown): null {
  if (isUnavailable(error)) return null;
  throw error;
}
