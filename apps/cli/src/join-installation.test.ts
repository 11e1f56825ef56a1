import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { joinFile, readableByOthers, readJoinFile, unreachable } from "./join-installation.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-join-"));
  file = join(folder, "worker.env");
});
afterEach(() => rm(folder, { recursive: true }));

const addresses = {
  DATABASE_URL: "postgresql://worker:p$1@db.lab:5432/reluctant?sslmode=verify-full&sslrootcert=/ca.pem",
  REDIS_URL: "rediss://:p%20;2@redis.lab:6379",
  REDIS_PREFIX: undefined,
  RELUCTANT_ARTIFACTS: "s3://bucket postgres",
};

test("what is printed on one machine is read on another", async () => {
  const { REDIS_PREFIX: _, ...given } = addresses;
  await writeFile(file, joinFile(addresses));
  expect(await readJoinFile(file)).toEqual(given);
});

test("a file that another version wrote is read: what of it this one does not know is handed on", async () => {
  const { REDIS_PREFIX: _, ...given } = addresses;
  await writeFile(file, `# by a later version\nRELUCTANT_LATER=1\n${joinFile(addresses)}`);
  expect(await readJoinFile(file)).toEqual({ ...given, RELUCTANT_LATER: "1" });
});

test("a file that lacks an address is refused, and says where it comes from", async () => {
  await writeFile(file, "DATABASE_URL=postgresql://db.lab/reluctant\n");
  await expect(readJoinFile(file)).rejects.toThrow(
    `${file} has no line REDIS_URL=…: \`npx reluctant admin join-file\``,
  );
  await expect(readJoinFile(join(folder, "none"))).rejects.toThrow("there is no such file");
});

test("others of a machine should not be able to read it", async () => {
  await writeFile(file, joinFile(addresses));
  await chmod(file, 0o640);
  expect(await readableByOthers(file)).toEqual([expect.stringContaining("chmod 600")]);
  await chmod(file, 0o600);
  expect(await readableByOthers(file)).toEqual([]);
  expect(await readableByOthers("/dev/null")).toEqual([]);
});

test.each([
  ["postgresql://a:b@127.0.0.1:5432/reluctant", "redis://redis.lab", 1],
  ["postgresql://localhost/reluctant", "redis://:p@localhost:6379", 2],
  ["postgresql://a:b@db.lab/reluctant", "redis+sentinel://:p@a.lab:26379,127.0.0.1:26379/lab", 1],
  ["postgresql://a:b@10.0.0.7/reluctant", "redis://:127.0.0.1@redis.lab:6379", 0],
])("%s and %s: so many that only the same machine reaches are told", (DATABASE_URL, REDIS_URL, count) => {
  expect(unreachable({ DATABASE_URL, REDIS_URL })).toHaveLength(count);
});
