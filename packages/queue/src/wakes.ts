import { type Wake, wakeChannel } from "./keys.ts";
import type { Redis } from "./redis.ts";

/** Publishing and hearing wake-ups. None is promised to arrive: whoever listens also polls. */
export interface Wakes {
  publish(wake: Wake): void;
  /** Calls `listener` at every wake-up of this kind, and when the connection is back; returns how to stop. */
  on(wake: Wake, listener: () => void): () => void;
}

export function createWakes(redis: Redis): Wakes {
  const listeners = new Map<string, Set<() => void>>();
  let subscriber: ReturnType<Redis["duplicate"]> | undefined;

  const connect = () => {
    const connection = redis.duplicate();
    connection.on("message", (channel: string) => {
      for (const listener of listeners.get(channel) ?? []) listener();
    });
    connection.on("ready", () => {
      for (const set of listeners.values()) for (const listener of set) listener(); // some may have been missed
    });
    return connection;
  };

  return {
    publish(wake) {
      redis.use(() => redis.client.publish(wakeChannel(redis.prefix, wake), "")).catch(() => {}); // the poll will see it
    },
    on(wake, listener) {
      const channel = wakeChannel(redis.prefix, wake);
      subscriber ??= connect();
      const set = listeners.get(channel) ?? new Set();
      if (!listeners.has(channel)) {
        listeners.set(channel, set);
        subscriber.subscribe(channel).catch(() => {}); // only fails when closed
      }
      set.add(listener);
      return () => void set.delete(listener);
    },
  };
}
