import { expect, test } from "vitest";
import { checkRedis } from "./check-redis.ts";

const url = process.env.TEST_REDIS_URL as string;
const changed = (changes: Partial<URL>) => Object.assign(new URL(url), changes).href;

test("it answers, and is named by host and port alone where it does not", async () => {
  await expect(checkRedis(url)).resolves.toBeUndefined();
  await expect(checkRedis(changed({ port: "9" }))).rejects.toThrow(
    /^REDIS_URL: Redis at 127\.0\.0\.1:9 does not answer \(ECONNREFUSED\)/,
  );
  await expect(checkRedis("redis://nowhere.invalid:6379")).rejects.toThrow(
    /^REDIS_URL: Redis at nowhere\.invalid:6379 does not answer \(E/,
  );
  await expect(checkRedis("redis+sentinel://:secret@127.0.0.1:9/lab")).rejects.toThrow(
    /^REDIS_URL: Redis at 127\.0\.0\.1:9 does not answer/,
  );
});

test("a wrong password is refused in Redis' words, without the password", async () => {
  const refused = await checkRedis(changed({ password: "guessed" })).catch((error: Error) => error.message);
  expect(refused).toMatch(/^REDIS_URL: Redis at 127\.0\.0\.1:\d+ refuses: WRONGPASS/);
  expect(refused).not.toContain("guessed");
  await expect(checkRedis(changed({ username: "", password: "" }))).rejects.toThrow(/refuses: NOAUTH/);
});
