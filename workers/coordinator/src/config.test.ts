import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const env = { DATABASE_URL: "postgresql://x", REDIS_URL: "redis://x" };

test("history is kept for half a year, for as many days as said, or for good", () => {
  const days = ["", "30", "0"].map((text) => readConfig({ ...env, RELUCTANT_HISTORY_DAYS: text }).historyDays);
  expect(days).toEqual([180, 30, null]);
});

test.each([
  [{ ...env, REDIS_URL: "" }, "REDIS_URL is not set"],
  [{ ...env, RELUCTANT_HISTORY_DAYS: "a month" }, 'RELUCTANT_HISTORY_DAYS is "a month"; it must be a number of days'],
])("a mistake in the environment is named", (wrong, message) => {
  expect(() => readConfig(wrong)).toThrow(message);
});
