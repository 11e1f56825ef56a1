import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createArtifactCache } from "./artifact-cache.ts";

const folders: string[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

async function setup(maxBytes?: number) {
  const root = await mkdtemp(join(tmpdir(), "reluctant-cache-"));
  folders.push(root);
  const stored = new Map<string, Uint8Array>();
  let downloads = 0;
  const artifacts = {
    put: async () => Promise.reject(new Error("not used")),
    has: async (sha256: string) => stored.has(sha256),
    collectGarbage: async () => 0,
    async get(sha256: string) {
      const bytes = stored.get(sha256);
      downloads++;
      return bytes
        ? {
            bytes: bytes.length,
            mediaType: "x",
            body: (async function* () {
              yield bytes;
            })(),
          }
        : null;
    },
  };
  const folder = join(root, "artifacts");
  const cache = createArtifactCache({ folder, artifacts, maxBytes });
  const store = (text: string) => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    stored.set(sha256, Buffer.from(text));
    return sha256;
  };
  let taken = 0;
  const fetch = async (sha256: string) => {
    const to = join(root, `input-${taken++}`);
    await cache.fetch(sha256, to, new AbortController().signal);
    return readFile(to, "utf8");
  };
  return { folder, stored, store, fetch, downloads: () => downloads };
}

test("an artifact is downloaded once, and again when the file was damaged", async () => {
  const { folder, store, fetch, downloads } = await setup();
  const sha256 = store("weights");
  expect(await fetch(sha256)).toBe("weights");
  expect(await fetch(sha256)).toBe("weights");
  expect(downloads()).toBe(1);
  await writeFile(join(folder, sha256), "weighty");
  expect(await fetch(sha256)).toBe("weights");
  expect(downloads()).toBe(2);
});

test("bytes that are not what they are called never reach an attempt", async () => {
  const { folder, stored, store, fetch } = await setup();
  const sha256 = store("weights");
  stored.set(sha256, Buffer.from("other"));
  await expect(fetch(sha256)).rejects.toThrow("other bytes");
  expect(await readdir(folder)).toEqual([]);
});

test("an artifact that the store does not have is a bad input, which no retry heals", async () => {
  const { fetch } = await setup();
  await expect(fetch("0".repeat(64))).rejects.toMatchObject({ failure: { code: "bad-input", fatal: true } });
});

test("the least recently used artifacts leave, while those in use stay readable", async () => {
  const { folder, store, fetch } = await setup(20);
  const [first, second] = [store("1".repeat(10)), store("2".repeat(10))];
  await fetch(first);
  await fetch(second);
  await utimes(join(folder, second), 1, 1);
  expect(await fetch(first)).toBe("1".repeat(10));
  const third = store("3".repeat(10));
  expect(await fetch(third)).toBe("3".repeat(10));
  expect((await readdir(folder)).sort()).toEqual([first, third].sort());
});

test("slots that fetch at the same time, with room for none of it, each have their bytes", async () => {
  const { store, fetch } = await setup(0);
  const texts = ["one", "two", "three"];
  const hashes = texts.map(store);
  const slot = async () => {
    const fetched: string[] = [];
    for (let round = 0; round < 40; round++) fetched.push(await fetch(hashes[round % hashes.length] as string));
    return fetched;
  };
  const expected = Array.from({ length: 40 }, (_, round) => texts[round % texts.length]);
  expect(await Promise.all([slot(), slot(), slot(), slot()])).toEqual([expected, expected, expected, expected]);
});

test("what a killed worker left of a download goes after a day", async () => {
  const { folder, store, fetch } = await setup();
  const sha256 = store("weights");
  await fetch(sha256);
  for (const name of ["old.partial", "young.partial"]) await writeFile(join(folder, name), "weig");
  await utimes(join(folder, "old.partial"), 1, 1);
  await fetch(sha256);
  expect((await readdir(folder)).sort()).toEqual([sha256, "young.partial"].sort());
});
