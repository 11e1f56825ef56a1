import { expect, test } from "vitest";
import { sentinelsOf } from "./sentinels.ts";

test("one server's URL, or a socket's path, names no Sentinels", () => {
  for (const url of ["redis://:word@queue:6379", "rediss://queue", "/run/redis.sock"])
    expect(sentinelsOf(url)).toBeNull();
});

test("Sentinels stand in a row, before the name by which they know the master", () => {
  expect(sentinelsOf("redis+sentinel://a:26380,b,[::1]:5/lab")).toEqual({
    sentinels: [
      { host: "a", port: 26_380 },
      { host: "b", port: 26_379 },
      { host: "::1", port: 5 },
    ],
    name: "lab",
  });
});

test("the password is the servers' and the Sentinels', and TLS is to all of them", () => {
  expect(sentinelsOf("rediss+sentinel://:a%2Fb@a/lab")).toEqual({
    sentinels: [{ host: "a", port: 26_379 }],
    name: "lab",
    password: "a/b",
    sentinelPassword: "a/b",
    tls: {},
    sentinelTLS: {},
    enableTLSForSentinelMode: true,
  });
  expect(sentinelsOf("redis+sentinel://ann:b@a/lab")).toMatchObject({ username: "ann", sentinelUsername: "ann" });
});

test.each(["redis+sentinel://a:26379", "redis+sentinel://a/", "redis+sentinel:///lab"])("%s is refused", (url) => {
  expect(() => sentinelsOf(url)).toThrow(/^REDIS_URL must be redis\+sentinel:.*the master's name$/);
});
