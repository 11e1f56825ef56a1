import { type NotificationName, notificationChannel } from "./keys.ts";
import type { Redis } from "./redis.ts";

/** Publishing and hearing notifications. None is promised to arrive: whoever listens also polls. */
export interface Notifications {
  publish(...names: NotificationName[]): void;
  /** Calls `listener` at every notification of this name, and when the connection is back; returns how to stop. */
  on(name: NotificationName, listener: () => void): () => void;
}

export function createNotifications(redis: Redis): Notifications {
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
    publish(...names) {
      for (const name of names) {
        redis.use(() => redis.client.publish(notificationChannel(redis.prefix, name), "")).catch(() => {}); // the poll will see it
      }
    },
    on(name, listener) {
      const channel = notificationChannel(redis.prefix, name);
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
