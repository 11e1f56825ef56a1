import type { Event, EventPage } from "@reluctant/contracts";
import type { NotificationName } from "@reluctant/queue";
import { expect, test } from "vitest";
import { eventStream } from "./sse.ts";

const event = (number: number) => ({ cursor: `7.${number}`, type: "frontier.point", data: {} }) as Event;

/** A log of events that the test appends to, and the stream that reads it in pages of two. */
function setup({ events = [] as Event[], fail = (): boolean => false } = {}) {
  const listeners = new Set<() => void>();
  const left = new AbortController();
  const read = async (after: string): Promise<EventPage> => {
    if (fail()) throw Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
    const page = events.slice(Number(after.split(".")[1])).slice(0, 2);
    return { events: page, cursor: page.at(-1)?.cursor ?? after };
  };
  const notifications = {
    publish() {},
    on: (_: NotificationName, listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const append = (added: Event) => {
    events.push(added);
    for (const listener of listeners) listener();
  };
  const start = async (after: string) =>
    eventStream({ first: await read(after), read, pageSize: 2, notifications, signal: left.signal });
  return { start, append, left, listeners };
}

const idsIn = (text: unknown) => [...String(text).matchAll(/^id: (.*)$/gm)].map((match) => match[1]);

test("past events come page after page, then each new one at the notification that tells of it", async () => {
  const { start, append } = setup({ events: [1, 2, 3].map(event) });
  const stream = await start("7.0");
  expect((await stream.next()).value).toBe("retry: 1000\n\n");
  expect(idsIn((await stream.next()).value)).toEqual(["7.1", "7.2"]);
  expect(idsIn((await stream.next()).value)).toEqual(["7.3"]);
  const next = stream.next();
  append(event(4));
  expect((await next).value).toBe(`id: 7.4\ndata: ${JSON.stringify(event(4))}\n\n`);
  await stream.return(undefined);
});

test("an outage of the database makes the stream wait and lose nothing", async () => {
  const outcomes: boolean[] = []; // of the reads that follow: whether they fail
  const { start, append } = setup({ events: [event(1)], fail: () => outcomes.shift() ?? false });
  const stream = await start("7.1");
  await stream.next();
  outcomes.push(true);
  const next = stream.next();
  append(event(2));
  expect(idsIn((await next).value)).toEqual(["7.2"]);
  expect(outcomes).toEqual([]);
  await stream.return(undefined);
});

test("a stream whose reader left ends and listens no more", async () => {
  const { start, left, listeners } = setup();
  const stream = await start("7.0");
  await stream.next();
  const waiting = stream.next();
  left.abort();
  expect((await waiting).done).toBe(true);
  expect(listeners.size).toBe(0);
});
