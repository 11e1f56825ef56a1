import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startRedis } from "./redis.ts";

async function setup() {
  const dir = await mkdtemp(join(tmpdir(), "redis-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

test("Redis keeps its data over a kill, and a flush while it is down leaves nothing", async () => {
  const dir = await setup();
  const redis = await startRedis({ dir, ephemeral: true });
  onTestFinished(() => redis.stop());
  expect(await redis.ask("SET kept 1")).toBe("+OK");
  await redis.kill("SIGKILL");
  await redis.start();
  expect(await redis.ask("DBSIZE")).toBe(":1");
  await redis.kill("SIGKILL");
  await redis.flush();
  await redis.start();
  expect(await redis.ask("DBSIZE")).toBe(":0");
  expect(await readFile(join(dir, "redis.log"), "utf8")).toContain("Ready to accept connections");
});
