import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openArtifacts } from "./artifacts.ts";
import { StoreUnavailable } from "./byte-store.ts";
import { artifactStoreConformance } from "./conformance.ts";
import { fileBytes } from "./files.ts";
import { databaseWithAttempt } from "./testing/database-with-attempt.ts";

artifactStoreConformance("a shared file system", async () => {
  const { db, attemptId, close } = await databaseWithAttempt();
  const folder = await mkdtemp(join(tmpdir(), "reluctant-artifacts-"));
  const bytes = fileBytes(folder);
  return {
    store: openArtifacts(db, { writeTo: bytes, stores: [bytes], graceMs: 0 }),
    attemptId,
    async close() {
      const names = await readdir(folder, { recursive: true });
      expect(names.filter((name) => name.startsWith("staging/"))).toEqual([]);
      await rm(folder, { recursive: true });
      await close();
    },
  };
});

test("a folder that is not mounted is unavailable, and is not made", async () => {
  const folder = join(tmpdir(), "reluctant-not-mounted");
  const staged = fileBytes(folder).stage(
    (async function* () {
      yield Buffer.from("bytes");
    })(),
  );
  await expect(staged).rejects.toThrow(StoreUnavailable);
  await expect(readdir(folder)).rejects.toThrow("ENOENT");
});
