/**
 * One Postgres and one Redis for all integration tests, gone when they end.
 *
 *   TEST_DATABASE_URL  the administrator's URL; the database `reluctant_template` on it is migrated, for tests to clone
 *   TEST_REDIS_URL     shared by all: each test takes its own queue prefix
 *   TEST_S3_SERVER     the program of an S3 server, where there is one: test/s3-server.ts starts it
 */
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureDatabase, startPostgres } from "../infra/local/src/postgres.ts";
import { startRedis } from "../infra/local/src/redis.ts";
import { deployMigrations } from "../packages/db/src/migrate.ts";
import { useCachesThatCanBeWritten } from "../scripts/caches.mjs";
import { packageOfTests, pythonOfTests } from "../scripts/python-environment.mjs";
import { s3ServerOfTests } from "../scripts/s3-server.mjs";

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_DATABASE_URL) return; // the first of the projects has started them for all
  const dir = await mkdtemp(join(await placeOfServers(), "reluctant-test-"));
  const [postgres, redis] = await Promise.all([
    startPostgres({ dir: join(dir, "postgres"), ephemeral: true }),
    startRedis({ dir: join(dir, "redis"), ephemeral: true }),
  ]);
  const template = await ensureDatabase(postgres.url, "reluctant_template");
  await deployMigrations(template, join(import.meta.dirname, "../prisma/migrations"));
  process.env.TEST_DATABASE_URL = postgres.url;
  process.env.TEST_REDIS_URL = redis.url;
  useCachesThatCanBeWritten();
  const python = pythonOfTests();
  if (python) process.env.PYTHON = python;
  process.env.TEST_S3_SERVER ||= s3ServerOfTests() ?? "";
  process.env.LIBTENSORFLOW ||= packageOfTests("tensorflow") ?? "";
  return async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
    await rm(dir, { recursive: true, force: true });
  };
}

/**
 * In memory, where Linux has room for what databases of tests take, a few hundred MB. Each test has a database of its own, a thousand
 * files, and before it creates one ext4 goes through those that were deleted in the last minutes: three fifths of two processors'
 * time went there.
 */
async function placeOfServers(): Promise<string> {
  const memory = "/dev/shm";
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return Math.min(room, freemem()) > 4 * 2 ** 30 ? memory : tmpdir();
}
