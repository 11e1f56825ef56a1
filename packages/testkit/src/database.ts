import { randomBytes } from "node:crypto";
import pg from "pg";

/** The test run's Postgres and Redis, started once by vitest's global set-up. */
export const testDatabaseUrl = (): string => fromEnvironment("TEST_DATABASE_URL");
export const testRedisUrl = (): string => fromEnvironment("TEST_REDIS_URL");

export interface TestDatabase {
  url: string;
  /** Deletes the database. Fails when a connection to it was left open. */
  drop(): Promise<void>;
}

/** A migrated, empty database of one's own: a clone of the template, made in about 0.1 s. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer(`create database ${name} template reluctant_template`);
  const url = new URL(testDatabaseUrl());
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(`drop database ${name}`) };
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: testDatabaseUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: run tests through vitest, whose global set-up starts Postgres and Redis`);
  return value;
}
