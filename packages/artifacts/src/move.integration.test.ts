import { createHash } from "node:crypto";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openArtifacts } from "./artifacts.ts";
import type { ByteStore } from "./byte-store.ts";
import { fileBytes } from "./files.ts";
import { type MoveProgress, moveArtifacts } from "./move.ts";
import { databaseWithAttempt } from "./testing/database-with-attempt.ts";
import { folderStore } from "./testing/folder-store.ts";

let database: Awaited<ReturnType<typeof databaseWithAttempt>>;
let one: ByteStore;
let other: ByteStore;
beforeEach(async () => {
  database = await databaseWithAttempt();
  one = fileBytes(await folderStore());
  other = fileBytes(await folderStore());
});
afterEach(async () => {
  await database.close();
  for (const store of [one, other]) await rm(folderOf(store), { recursive: true });
});

const folderOf = ({ location }: ByteStore) => new URL(location).pathname;
const filesOf = async (store: ByteStore) =>
  (await readdir(folderOf(store), { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name));
const chunks = () => database.db.prisma.artifactChunk.count();

const open = (writeTo: ByteStore | "postgres") =>
  openArtifacts(database.db, { writeTo, stores: [one, other], graceMs: 0 });
const move = (writeTo: ByteStore | "postgres", options = {}) =>
  moveArtifacts(database.db, { writeTo, stores: [one, other] }, options);

async function* of(bytes: Uint8Array) {
  yield bytes;
}
const put = (writeTo: ByteStore | "postgres", bytes: Uint8Array) =>
  open(writeTo).put({ mediaType: "text/plain", bytes: of(bytes) });

async function hashOf(body: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of body ?? []) hash.update(piece);
  return hash.digest("hex");
}
const readHash = async (sha256: string) => hashOf((await open("postgres").get(sha256))?.body);

/** Three chunks in Postgres. */
const large = Buffer.alloc(9_000_000, "reluctant");

test("artifacts move from store to store and back, and nothing stays behind", async () => {
  const stored = await Promise.all([put("postgres", large), put(one, Buffer.from("b")), put(other, Buffer.alloc(0))]);
  const told: MoveProgress[] = [];
  expect(await move(other, { onProgress: (progress: MoveProgress) => told.push(structuredClone(progress)) })).toEqual({
    artifacts: 2,
    bytes: 9_000_001,
    failures: [],
  });
  expect(told.at(-1)).toEqual({ artifacts: { done: 2, total: 2 }, bytes: { done: 9_000_001, total: 9_000_001 } });
  expect([await chunks(), (await filesOf(one)).length, (await filesOf(other)).length]).toEqual([0, 0, 3]);
  for (const { sha256 } of stored) expect(await readHash(sha256)).toBe(sha256);

  expect((await move("postgres")).artifacts).toBe(3);
  expect([await chunks(), (await filesOf(other)).length]).toEqual([4, 0]);
  for (const { sha256 } of stored) expect(await readHash(sha256)).toBe(sha256);
  expect((await move("postgres")).artifacts).toBe(0);
  const rows = await database.db.prisma.artifact.findMany({ select: { location: true, elsewhere: true } });
  expect(rows).toEqual(Array(3).fill({ location: "postgres", elsewhere: [] }));
});

test("who reads an artifact while it moves reads on from where it went", async () => {
  const { sha256 } = await put("postgres", large);
  const body = (await open("postgres").get(sha256))?.body as AsyncIterable<Uint8Array>;
  const reading = body[Symbol.asyncIterator]();
  const { value: first } = await reading.next();
  await move(one);
  expect(await chunks()).toBe(0);
  const rest = { [Symbol.asyncIterator]: () => reading };
  expect(
    await hashOf(
      (async function* () {
        yield first;
        yield* rest;
      })(),
    ),
  ).toBe(sha256);
});

test("a move that was cut off goes on where it was, whichever step it had done", async () => {
  const { sha256 } = await put(one, large);
  const dies = async () => {
    throw new Error("cut off");
  };
  const withDeath = (step: "read" | "publish" | "remove") => {
    const stores = [step === "remove" ? { ...one, remove: dies } : one];
    const target: ByteStore =
      step === "publish"
        ? { ...other, stage: async (bytes) => ({ ...(await other.stage(bytes)), publish: dies }) }
        : other;
    return moveArtifacts(database.db, { writeTo: target, stores: [...stores, target] });
  };
  expect((await withDeath("publish")).failures).toEqual([{ sha256, reason: "cut off" }]);
  expect((await withDeath("remove")).failures).toEqual([{ sha256, reason: "cut off" }]);
  expect(await readHash(sha256)).toBe(sha256);
  expect([(await filesOf(one)).length, (await filesOf(other)).length]).toEqual([1, 1]);
  expect(await move(other)).toEqual({ artifacts: 0, bytes: 0, failures: [] });
  expect((await filesOf(one)).length).toBe(0);
  expect(await readHash(sha256)).toBe(sha256);
});

test("a move back from a move that was cut off finds what that one left", async () => {
  const { sha256 } = await put("postgres", large);
  await move(one);
  // As if the former copy could not be removed.
  const { id } = await database.db.prisma.artifact.findFirstOrThrow();
  await database.db.prisma.artifactChunk.create({ data: { artifactId: id, number: 0, bytes: Buffer.from("left") } });
  await database.db.prisma.artifact.update({ where: { id }, data: { elsewhere: ["postgres"] } });
  expect(await move("postgres")).toEqual({ artifacts: 1, bytes: 9_000_000, failures: [] });
  expect(await readHash(sha256)).toBe(sha256);
  expect([await chunks(), (await filesOf(one)).length]).toEqual([3, 0]);
});

/** A store in which a collection runs while what was staged there is published, and is not read from there yet. */
const collecting = (olderThanMs: number): ByteStore => ({
  ...other,
  async stage(bytes) {
    const staged = await other.stage(bytes);
    const publish = async () => {
      await staged.publish();
      await open(one).collectGarbage(olderThanMs);
    };
    return { ...staged, publish };
  },
});

test("a collection during a move takes no copy that the move is making, however old the artifact", async () => {
  const { attemptId } = database;
  const { sha256 } = await open(one).put({ attemptId, mediaType: "text/plain", bytes: of(large) });
  await database.db.prisma.artifact.updateMany({ data: { createdAt: new Date(Date.now() - 7 * 86_400_000) } });
  expect(await move(collecting(86_400_000))).toEqual({ artifacts: 1, bytes: 9_000_000, failures: [] });
  expect(await readHash(sha256)).toBe(sha256);
});

test("an artifact whose copy was collected before it was read from there stays where it was", async () => {
  const { attemptId } = database;
  const { sha256 } = await open(one).put({ attemptId, mediaType: "text/plain", bytes: of(large) });
  expect(await move(collecting(0))).toMatchObject({ artifacts: 0, failures: [{ sha256 }] });
  expect([(await filesOf(one)).length, (await filesOf(other)).length]).toEqual([1, 0]);
  expect(await readHash(sha256)).toBe(sha256);
  expect((await move(other)).artifacts).toBe(1);
  expect(await readHash(sha256)).toBe(sha256);
});

test("bytes that are not those they are named by stay where they are, and are told", async () => {
  const { sha256 } = await put(one, Buffer.from("right"));
  await writeFile(join(folderOf(one), sha256.slice(0, 2), sha256), "wrong");
  const { failures } = await move(other);
  expect(failures).toEqual([{ sha256, reason: expect.stringContaining(`its bytes in ${one.location} have the hash`) }]);
  expect([(await filesOf(one)).length, (await filesOf(other)).length]).toEqual([1, 0]);
});

test("what was put in one store is not put again in another, and garbage of several goes from all", async () => {
  await put(one, large);
  await put("postgres", large);
  await put(other, large);
  expect([(await filesOf(one)).length, (await filesOf(other)).length, await chunks()]).toEqual([1, 0, 0]);
  await put("postgres", Buffer.from("in Postgres"));
  expect(await open("postgres").collectGarbage(0)).toBe(2);
  expect([(await filesOf(one)).length, await chunks(), await database.db.prisma.artifact.count()]).toEqual([0, 0, 0]);
});
