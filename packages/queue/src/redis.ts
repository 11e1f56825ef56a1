import type { Writable } from "node:stream";
import { Redis as Client } from "ioredis";
import { defaultPrefix } from "./keys.ts";
import { sentinelsOf } from "./sentinels.ts";

/** The part of a logger that this package needs. */
export interface QueueLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RedisOptions {
  /** `redis://…`, `rediss://…`, the path of a unix socket, or Sentinels: see `sentinelsOf`. */
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
  /** Another connection, for subscriptions and for waiting: its commands wait for Redis, for `commandTimeout` ms where given. */
  duplicate(options?: { commandTimeout?: number }): Client;
  /** Runs commands if Redis is there; those begun together travel together. @throws RedisUnavailable at once when it is not */
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

/** @throws Error that names REDIS_URL where it is meant for Sentinels and is wrong */
export function openRedis({ url, prefix = defaultPrefix, log }: RedisOptions): Redis {
  const options = {
    commandTimeout: commandTimeoutMs,
    retryStrategy: reconnectDelayMs,
    reconnectOnError: isDemoted,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  };
  const sentinels = sentinelsOf(url);
  const client = sentinels ? new Client({ ...sentinels, ...options }) : new Client(url, options);
  logOutagesOnce(client, log);
  const others: Client[] = [];
  return {
    client,
    prefix,
    log,
    duplicate({ commandTimeout } = {}) {
      // A subscription waits for the connection, and is renewed with it; what was asked is asked again.
      const other = client.duplicate({
        commandTimeout,
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
        autoResendUnfulfilledCommands: true,
      });
      other.on("error", () => {}); // the main connection says it
      others.push(other);
      return other;
    },
    async use(commands) {
      if (client.status !== "ready") throw new RedisUnavailable();
      gatherWrites(client);
      try {
        return await commands();
      } catch (cause) {
        throw client.status === "ready" && !isOutage(cause) ? cause : new RedisUnavailable({ cause });
      }
    },
    ready: () =>
      client.status === "ready" ? Promise.resolve() : new Promise((resolve) => client.once("ready", resolve)),
    async close() {
      for (const connection of [...others, client]) connection.disconnect();
    },
  };
}

/**
 * What is begun in one turn of the event loop is written in one piece: each write costs a call and wakes Redis. A pipeline would
 * do the same, and take 80 µs to set up: it takes on each of BullMQ's 60 scripts.
 */
function gatherWrites(client: Client): void {
  const { stream } = client as unknown as { stream: Writable };
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** No answer in time, or a socket that is closing while the client still calls itself ready. */
const isOutage = (error: unknown) =>
  error instanceof Error &&
  (error.message === "Command timed out" || error.message.startsWith("Stream isn't writeable") || isDemoted(error));

/** A server that was the master and is a replica now: whoever leads is found by connecting anew. */
const isDemoted = (error: Error) => error.message.includes("READONLY ");

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
