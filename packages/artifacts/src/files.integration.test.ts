import { readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openArtifacts } from "./artifacts.ts";
import { StoreUnavailable } from "./byte-store.ts";
import { artifactStoreConformance } from "./conformance.ts";
import { fileBytes } from "./files.ts";
import { databaseWithAttempt } from "./testing/database-with-attempt.ts";
import { folderStore } from "./testing/folder-store.ts";

artifactStoreConformance("a shared file system", async () => {
  const { db, attemptId, close } = await databaseWithAttempt();
  const folder = await folderStore();
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

async function* someBytes() {
  yield Buffer.from("bytes");
}

test("a folder that is not there is unavailable, and is not made", async () => {
  const folder = join(tmpdir(), "reluctant-not-mounted");
  await expect(fileBytes(folder).stage(someBytes())).rejects.toThrow(StoreUnavailable);
  await expect(readdir(folder)).rejects.toThrow("ENOENT");
});

test("where the mount of a folder is away, nothing is written beneath, nor taken for removed", async () => {
  const folder = await folderStore();
  const store = fileBytes(folder);
  const staged = await store.stage(someBytes());
  await rename(join(folder, "staging"), `${folder}-mounted`); // what lies there now is an empty folder
  await expect(store.stage(someBytes())).rejects.toThrow(`there is no folder ${folder}/staging: mount the store`);
  await expect(staged.publish()).rejects.toThrow(StoreUnavailable);
  await expect(store.remove(staged.sha256)).rejects.toThrow(StoreUnavailable);
  await expect(store.read(staged.sha256, { start: 0, end: 5 })[Symbol.asyncIterator]().next()).rejects.toThrow(
    StoreUnavailable,
  );
  expect(await store.sweep(0)).toBe(0);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
  await rm(`${folder}-mounted`, { recursive: true });
});
