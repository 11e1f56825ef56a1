import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const needed = { DATABASE_URL: "postgresql://db/lab", REDIS_URL: "redis://queue" };

test("what is not set has a default that is safe", () => {
  expect(readConfig(needed)).toEqual({
    ...needed,
    HOST: "127.0.0.1",
    PORT: 7700,
    LOG_LEVEL: "info",
    RELUCTANT_ARTIFACTS: [{ type: "postgres" }],
  });
});

test("every wrong variable is named at once, and an empty one counts as unset", () => {
  const wrong = { DATABASE_URL: "mysql://db", REDIS_URL: "", PORT: "99999", RELUCTANT_PUBLIC_URL: "lab.example" };
  expect(() => readConfig(wrong)).toThrow(/DATABASE_URL.*REDIS_URL.*PORT.*RELUCTANT_PUBLIC_URL/);
});
