import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatasetCache, type DatasetCacheOptions } from "./dataset-cache.ts";

const { signal } = new AbortController();
const nameOf = (text: string) => createHash("sha256").update(text).digest("hex");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-datasets-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Shards by their hashes, and who asked for which. */
const shards = new Map<string, string>();
let asked: string[] = [];
const artifacts: DatasetCacheOptions["artifacts"] = {
  async get(sha256) {
    asked.push(sha256);
    const text = shards.get(sha256);
    if (text === undefined) return null;
    return {
      bytes: text.length,
      mediaType: "text/plain",
      body: (async function* () {
        yield Buffer.from(text);
      })(),
    };
  },
};

/** Two files, one of them in two shards. */
const partsOf = async (version: string) =>
  [
    { path: "dataset.json", part: 0, text: `{"of": "${version}"}` },
    { path: "train.images", part: 0, text: `first of ${version.slice(0, 8)}, ` },
    { path: "train.images", part: 1, text: "second" },
    { path: "train.labels", part: 0, text: "" },
  ].map(({ text, ...place }) => {
    shards.set(nameOf(text), text);
    return { ...place, sha256: nameOf(text), bytes: text.length };
  });
const bytesOf = async (version: string) => (await partsOf(version)).reduce((sum, { bytes }) => sum + bytes, 0);

const slot = (slotName: string, change: Partial<DatasetCacheOptions> = {}) =>
  createDatasetCache({ folder, slotName, artifacts, partsOf, maxBytes: 1e6, ...change });
const versions = ["a", "b", "c"].map(nameOf) as [string, string, string];
/** Which of them lie here, as letters. */
const there = async () => {
  const names = await readdir(folder);
  return ["a", "b", "c"].filter((letter) => names.includes(nameOf(letter)));
};

beforeEach(() => {
  asked = [];
  shards.clear();
});

test("files are put together from their shards, and the slots of a machine fetch each once", async () => {
  const [version] = versions;
  await Promise.all(["one", "two", "three"].map((name) => slot(name).use(version, signal)));
  await slot("four").use(version, signal);
  expect(asked.sort()).toEqual((await partsOf(version)).map(({ sha256 }) => sha256).sort());
  expect(await readFile(join(folder, version, "train.images"), "utf8")).toBe(`first of ${version.slice(0, 8)}, second`);
  expect((await readdir(join(folder, version))).sort()).toEqual(["dataset.json", "train.images", "train.labels"]);
});

test("what nobody uses goes for what is needed, the least recently used first, and nothing that is used", async () => {
  const [a, b, c] = versions;
  const maxBytes = 2 * (await bytesOf(a));
  const [one, two] = [slot("one", { maxBytes }), slot("two", { maxBytes })];
  const used = await one.use(a, signal);
  await (await two.use(b, signal)).release();
  await (await two.use(c, signal)).release();
  expect(await there()).toEqual(["a", "c"]);
  await used.release();
  await (await two.use(b, signal)).release();
  expect(await there()).toEqual(["b", "c"]);
});

test("what is in use by all stays, even where the room is too small for another", async () => {
  const [a, b] = versions;
  const maxBytes = await bytesOf(a);
  await slot("one", { maxBytes }).use(a, signal);
  await slot("two", { maxBytes }).use(b, signal);
  expect(await there()).toEqual(["a", "b"]);
});

test("a fetch that was cut off goes on with the shards that lack", async () => {
  const [version] = versions;
  const parts = await partsOf(version);
  shards.delete(parts[2]?.sha256 as string);
  await expect(slot("one", { partsOf: async () => parts }).use(version, signal)).rejects.toThrow("push it again");
  asked = [];
  await slot("two").use(version, signal);
  expect(asked).toEqual([parts[2]?.sha256]);
});

test("other bytes than a shard's are refused", async () => {
  const [version] = versions;
  const parts = await partsOf(version);
  shards.set(parts[2]?.sha256 as string, "sEcond");
  await expect(slot("one", { partsOf: async () => parts }).use(version, signal)).rejects.toThrow(
    "arrived with other bytes",
  );
  expect(await there()).toEqual([]);
});

test("what nobody pushed, and what is larger than may be kept, is told", async () => {
  const [version] = versions;
  await expect(slot("one", { partsOf: async () => [] }).use(version, signal)).rejects.toThrow("nobody pushed it");
  await expect(slot("one", { maxBytes: 10 }).use(version, signal)).rejects.toThrow("RELUCTANT_FETCHED_GB");
});

test("what was prepared here after a fetch was refused is not taken for fetched, nor evicted", async () => {
  const [a, b] = versions;
  await expect(slot("one", { partsOf: async () => [] }).use(a, signal)).rejects.toThrow("nobody pushed it");
  await mkdir(join(folder, a));
  await writeFile(join(folder, a, "dataset.json"), "{}");
  await (await slot("one").use(a, signal)).release();
  await slot("one", { maxBytes: await bytesOf(b) }).use(b, signal);
  expect(await there()).toEqual(["a", "b"]);
});

test("of an eviction that was cut off nothing stays that looks whole", async () => {
  const [a, b] = versions;
  await (await slot("one").use(a, signal)).release();
  const evicted = join(folder, "fetched", a, "evicted");
  await rename(join(folder, a), evicted);
  await rm(join(evicted, "train.images"));
  await (await slot("one").use(a, signal)).release();
  expect(await readFile(join(folder, a, "train.images"), "utf8")).toContain("second");
  await (await slot("one", { maxBytes: await bytesOf(b) }).use(b, signal)).release();
  expect([await there(), (await readdir(join(folder, "fetched"))).filter((name) => name === a)]).toEqual([["b"], []]);
});
