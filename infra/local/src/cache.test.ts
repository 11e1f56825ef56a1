import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stackCache } from "./cache.ts";
import { emptyStackFolder } from "./folder.ts";

let folder: string;
/** A file: nobody, not even root, makes a folder in it. */
let nowhere: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cache-"));
  nowhere = join(folder, "file");
  await writeFile(nowhere, "");
});
afterEach(() => rm(folder, { recursive: true }));

const places = (change: { HOME?: string; RELUCTANT_CACHE?: string; dir?: string; root?: string }) => ({
  env: { HOME: change.HOME ?? nowhere, RELUCTANT_CACHE: change.RELUCTANT_CACHE },
  dir: change.dir ?? nowhere,
  root: change.root ?? nowhere,
});

test.each([
  ["RELUCTANT_CACHE before all", { RELUCTANT_CACHE: "given", HOME: "home", root: "root", dir: "dir" }, "given"],
  ["the home's, which stacks share", { HOME: "home", root: "root", dir: "dir" }, "home/.cache/reluctant"],
  ["the checkout's where there is no home", { root: "root", dir: "dir" }, "root/var/cache"],
  ["the stack's own where the checkout cannot be written either", { dir: "dir" }, "dir/cache"],
])("the cache is %s", async (_, given, expected) => {
  const inFolder = Object.fromEntries(Object.entries(given).map(([key, path]) => [key, join(folder, path)]));
  expect(await stackCache(places(inFolder))).toBe(join(folder, expected));
  expect(await readdir(join(folder, expected))).toEqual([]);
});

test.each(["", ".", "relative"])("a home of %j is none: nothing is made in whatever folder one is in", async (HOME) => {
  expect(await stackCache(places({ HOME, dir: join(folder, "dir") }))).toBe(join(folder, "dir/cache"));
});

test("where nothing can be written, the message names what was tried and RELUCTANT_CACHE", async () => {
  await expect(stackCache(places({}))).rejects.toThrow(
    `none of ${nowhere}/.cache/reluctant, ${nowhere}/var/cache, ${nowhere}/cache can be written: set RELUCTANT_CACHE`,
  );
  const RELUCTANT_CACHE = join(nowhere, "given");
  await expect(stackCache(places({ RELUCTANT_CACHE }))).rejects.toThrow(
    `RELUCTANT_CACHE is ${RELUCTANT_CACHE}, which cannot be written (ENOTDIR): name a folder that can`,
  );
});

test("a demo that starts afresh keeps its cache", async () => {
  const dir = join(folder, "demo");
  await stackCache(places({ dir }));
  await writeFile(join(dir, "cache/decoded"), "");
  await writeFile(join(dir, "token"), "");
  await emptyStackFolder(dir);
  expect(await readdir(dir, { recursive: true })).toEqual(["cache", "cache/decoded"]);
});
