import { Redis as Client } from "ioredis";
import { defaultPrefix } from "./keys.ts";

/** The part of a logger that this package needs. */
export interface QueueLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RedisOptions {
  /** `redis://…`, `rediss://…` or the path of a unix socket. */
  url: string;
  /** First part of every key and channel, so that installations and tests can share a server. */
  prefix?: string | undefined;
  log: QueueLog;
}

/**
 * A connection that no caller can hang on: while Redis is away every command fails at once, a command that gets no
 * answer fails after 5 s, and reconnecting goes on in the background, 0.1 to 2 s apart. An outage is logged once.
 */
export interface Redis {
  readonly client: Client;
  readonly prefix: string;
  readonly log: QueueLog;
  /** Another connection with the same settings, for subscriptions. */
  duplicate(): Client;
  /** Runs commands if Redis is there. @throws RedisUnavailable at once when it is not */
  use<T>(commands: () => Promise<T>): Promise<T>;
  /** Resolves at the first connection: for tests and readiness checks. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export class RedisUnavailable extends Error {
  constructor(options?: ErrorOptions) {
    super("Redis is out of reach; check REDIS_URL and that the server runs", options);
    this.name = "RedisUnavailable";
  }
}

const commandTimeoutMs = 5_000;
const reconnectDelayMs = (attempt: number) => Math.min(100 * 2 ** (attempt - 1), 2_000);

export function openRedis({ url, prefix = defaultPrefix, log }: RedisOptions): Redis {
  const client = new Client(url, {
    commandTimeout: commandTimeoutMs,
    retryStrategy: reconnectDelayMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  });
  logOutagesOnce(client, log);
  const subscribers: Client[] = [];
  return {
    client,
    prefix,
    log,
    duplicate() {
      // A subscription waits for the connection, and is renewed with it.
      const subscriber = client.duplicate({
        commandTimeout: undefined,
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
      });
      subscriber.on("error", () => {}); // the main connection says it
      subscribers.push(subscriber);
      return subscriber;
    },
    async use(commands) {
      if (client.status !== "ready") throw new RedisUnavailable();
      try {
        return await commands();
      } catch (cause) {
        throw client.status === "ready" && !isOutage(cause) ? cause : new RedisUnavailable({ cause });
      }
    },
    ready: () =>
      client.status === "ready" ? Promise.resolve() : new Promise((resolve) => client.once("ready", resolve)),
    async close() {
      for (const connection of [...subscribers, client]) connection.disconnect();
    },
  };
}

/** No answer in time, or a socket that is closing while the client still calls itself ready. */
const isOutage = (error: unknown) =>
  error instanceof Error &&
  (error.message === "Command timed out" || error.message.startsWith("Stream isn't writeable"));

function logOutagesOnce(client: Client, log: QueueLog): void {
  let away = false;
  client.on("error", (error: Error) => {
    if (!away) log.warn({ err: error }, "Redis is out of reach; trying again until it answers");
    away = true;
  });
  client.on("ready", () => {
    if (away) log.info({}, "Redis answers again");
    away = false;
  });
}
