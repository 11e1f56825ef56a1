import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "@reluctant/sdk";
import { type Ask, faultsOfStream } from "./verifier.ts";

/** Reads all events from the first on, as a screen does, over whatever breaks its stream off. */
export function readEvents(client: Client) {
  const cursors: string[] = [];
  const closing = new AbortController();
  const reading = (async () => {
    for await (const { cursor } of client.events({ signal: closing.signal })) cursors.push(cursor);
  })();
  reading.catch(() => {}); // told where it is awaited
  return {
    /** Waits, not for ever, until it has the last one there is; answers what it missed. */
    async faults(sql: Ask): Promise<string[]> {
      const [last] = await sql<{ cursor: string }>(
        "select xid::text || '.' || id as cursor from event order by xid desc, id desc limit 1",
      );
      for (let waited = 0; waited < 300 && cursors.at(-1) !== last?.cursor; waited++) await pause(100);
      closing.abort();
      await reading;
      return faultsOfStream(sql, cursors);
    },
  };
}
