import type { RedisOptions as ClientOptions } from "ioredis";

const url = /^(rediss?)\+sentinel:\/\/(?:([^:@/]*):([^@/]*)@)?([^/]+)\/([\w.-]+)$/;

/**
 * What a client is told of Sentinels, which know the server that leads and name the next one when it fails:
 * `redis+sentinel://[[user]:password@]host[:port],…/NAME`, `rediss+sentinel://…` with TLS to all of them. The password is the
 * servers' and the Sentinels'. Null where it is the URL of one server.
 * @throws Error that names REDIS_URL where it is of neither form
 */
export function sentinelsOf(redisUrl: string): ClientOptions | null {
  if (!/^rediss?\+sentinel:/.test(redisUrl)) return null;
  const [, scheme, username, password, hosts = "", name = ""] = url.exec(redisUrl) ?? [];
  if (!scheme)
    throw new Error("REDIS_URL must be redis+sentinel://:PASSWORD@HOST:26379,HOST:26379/NAME, with the master's name");
  const known = password === undefined ? undefined : decodeURIComponent(password);
  return {
    sentinels: hosts.split(",").map(placeOf),
    name,
    ...(username && { username: decodeURIComponent(username), sentinelUsername: decodeURIComponent(username) }),
    ...(known !== undefined && { password: known, sentinelPassword: known }),
    ...(scheme === "rediss" && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  };
}

/** The URL, once its form is known to be right. @throws as `sentinelsOf` does */
export function checkedRedisUrl(redisUrl: string): string {
  sentinelsOf(redisUrl);
  return redisUrl;
}

/** Sentinel's own port where none is given; an IPv6 address stands in brackets. */
function placeOf(written: string): { host: string; port: number } {
  const [, host = written, port] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(written) ?? [];
  return { host, port: Number(port ?? 26_379) };
}
