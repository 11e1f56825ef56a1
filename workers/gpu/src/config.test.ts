import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const env = { DATABASE_URL: "postgresql://x", REDIS_URL: "redis://x", RELUCTANT_WORKER_NAME: "gpu-1" };

test("a worker needs to know only where the control plane is", () => {
  expect(readConfig({ ...env, RELUCTANT_DATA: "/data:/more" })).toMatchObject({
    name: "gpu-1",
    pool: "default",
    dataFolders: ["/data", "/more"],
    logLevel: "info",
  });
});

test.each([
  [{ ...env, DATABASE_URL: undefined }, "DATABASE_URL is not set"],
  [{ ...env, RELUCTANT_POOL: "A pool" }, 'RELUCTANT_POOL is "A pool"'],
  [{ ...env, RELUCTANT_CHECKPOINT_SECONDS: "often" }, 'RELUCTANT_CHECKPOINT_SECONDS is "often"'],
  [{ ...env, RELUCTANT_WORKER_NAME: "../x" }, 'RELUCTANT_WORKER_NAME is "../x"'],
])("a mistake in the environment is named", (wrong, message) => {
  expect(() => readConfig(wrong)).toThrow(message);
});
