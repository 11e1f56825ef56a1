import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inDraft } from "./draft-folder.ts";

async function setup() {
  const folder = await mkdtemp(join(tmpdir(), "draft-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test("a draft is gone when it was made into something, and when it could not be", async () => {
  const folder = await setup();
  await inDraft(folder, "postgres-18", async (draft) => {
    await mkdir(join(draft, "copy"));
    await rename(join(draft, "copy"), join(folder, "postgres-18"));
  });
  await expect(inDraft(folder, "redis", () => Promise.reject(new Error("no network")))).rejects.toThrow("no network");
  expect(await readdir(folder)).toEqual(["postgres-18"]);
});

test("what a killed process left of the same goes with the next, and a young one stays", async () => {
  const folder = await setup();
  for (const name of ["redis.draft-old000", "redis.draft-young0", "other.draft-old000"]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "some.deb"), "");
  }
  for (const name of ["redis.draft-old000", "other.draft-old000"]) await utimes(join(folder, name), 1, 1);
  await inDraft(folder, "redis", async () => {});
  expect((await readdir(folder)).sort()).toEqual(["other.draft-old000", "redis.draft-young0"]);
});
