import { sql } from "@reluctant/db";
import { bytesOf, datasetOf, type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Caller, pushDataset, tellDatasets } from "./index.ts";
import { pushedDatasets } from "./pushed-datasets.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller("lab", "admin");
});
afterEach(() => kit.close());

const version = "3".repeat(64);
/** Pushes a version whose one file is this artifact. */
const push = (sha256: string) =>
  pushDataset(kit.deps, {
    identity,
    push: { dataset: datasetOf({ name: "pushed", version }), files: [{ path: "train", shards: [sha256] }] },
  });
const put = async () =>
  (await kit.deps.artifacts.put({ mediaType: "application/octet-stream", bytes: bytesOf("shard") })).sha256;
const datasetsOf = async (id: string) => (await kit.db.prisma.worker.findUniqueOrThrow({ where: { id } })).datasets;

test("a push without its shards changes nothing; what is about to be deleted stays for it, and what went is asked for again", async () => {
  expect(await push("4".repeat(64))).toEqual({ missing: ["4".repeat(64)], dataset: null });
  expect(await kit.db.prisma.datasetVersion.findUnique({ where: { sha256: version } })).toBeNull();
  const sha256 = await put();
  await kit.db.prisma.$executeRaw`update artifact set dying_at = now() where sha256 = ${sha256}`;
  expect(await push(sha256)).toMatchObject({ missing: [], dataset: { version } });
  expect(await kit.db.prisma.artifact.findUnique({ where: { sha256 } })).toMatchObject({ dyingAt: null });
  await kit.db.prisma.$executeRaw`update artifact set complete_at = null where sha256 = ${sha256}`;
  expect(await push(sha256)).toEqual({ missing: [sha256], dataset: null });
});

test("it is offered to workers that fetch, and stays theirs when they tell what they have", async () => {
  const [workerId, earlier] = [await kit.worker(), await kit.worker()];
  await kit.db.prisma.$executeRaw`update worker set fetches = false where id = ${earlier}::uuid`;
  await push(await put());
  expect(await datasetsOf(earlier)).not.toContain(version);
  await tellDatasets(kit.deps, { workerId, datasets: [], preparingDatasets: [], unusableDatasets: [] });
  expect(await datasetsOf(workerId)).toContain(version);
});

test("a worker that registers waits for a push that is under way, and for no other worker", async () => {
  await kit.db.tx(async (t) => {
    await t.one(sql.shareName, { name: pushedDatasets });
    await kit.worker();
  });
  const done: string[] = [];
  const registering = await kit.db.tx(async (t) => {
    await t.one(sql.lockName, { name: pushedDatasets });
    const registered = kit.worker().then((id) => {
      done.push("registered");
      return id;
    });
    await untilOneWaits();
    done.push("pushed");
    return { registered };
  });
  await registering.registered;
  expect(done).toEqual(["pushed", "registered"]);
});

/** Postgres says when a session waits for the lock of a name. */
async function untilOneWaits(): Promise<void> {
  const waiting = () =>
    kit.db.prisma.$queryRaw<unknown[]>`select from pg_locks where locktype = 'advisory' and not granted`;
  await vi.waitUntil(async () => (await waiting()).length > 0);
}
