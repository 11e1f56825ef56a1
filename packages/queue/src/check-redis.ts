import { ReluctantError } from "@reluctant/contracts";
import { Redis as Client, type RedisOptions as ClientOptions } from "ioredis";
import { sentinelsOf } from "./sentinels.ts";

const answersWithinMs = 5_000;

/**
 * Asks Redis once, where `openRedis` would wait for it: so that who starts a process hears what is wrong.
 * @throws ReluctantError that names REDIS_URL where nothing answers in time or the password is refused
 */
export async function checkRedis(url: string): Promise<void> {
  const once = { lazyConnect: true, connectTimeout: answersWithinMs, retryStrategy: () => null };
  const sentinels = sentinelsOf(url);
  const client = sentinels
    ? new Client({ ...sentinels, ...once, sentinelRetryStrategy: () => null } as ClientOptions)
    : new Client(url, once);
  let first: NodeJS.ErrnoException | undefined;
  client.on("error", (error) => {
    first ??= error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    const { code, message } = first ?? (error as NodeJS.ErrnoException);
    const why = /^(WRONGPASS|NOAUTH)/.test(message)
      ? `refuses: ${message}`
      : `does not answer (${code ?? message}): is it up, and open to this machine?`;
    throw new ReluctantError("unavailable", `REDIS_URL: Redis at ${placeOf(url)} ${why}`, [], { cause: error });
  } finally {
    client.disconnect();
  }
}

/** Without user and password. */
const placeOf = (url: string): string => url.replace(/^[\w+]+:\/\/(?:[^/]*@)?([^/]*).*$/, "$1");
