import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { datasetParts, dispatch, pushDataset } from "@reluctant/control";
import {
  type DatasetReader,
  openPrepared,
  portableFiles,
  prepareAt,
  registrationOf,
  splits,
} from "@reluctant/datasets";
import { fileSha256 } from "@reluctant/machine";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeShard } from "../../../test/images.ts";
import { createDatasetCache } from "./dataset-cache.ts";

const { signal } = new AbortController();

let kit: Kit;
let folder: string;
beforeEach(async () => {
  kit = await setup();
  folder = await mkdtemp(join(tmpdir(), "reluctant-datasets-"));
});
afterEach(async () => {
  await kit.close();
  await rm(folder, { recursive: true });
});

/** 240 small JPEGs in three archives, prepared on the machine that pushes. */
async function prepared({ streamed }: { streamed: boolean }): Promise<DatasetReader> {
  const size = () => ({ width: 40, height: 40 });
  const archives = { "train-000000": 0, "train-000001": 80, "val-000000": 160 };
  for (const [name, from] of Object.entries(archives))
    await writeShard(join(folder, `shapes-${name}.tar`), { from, count: 80, classes: 2, size });
  await writeFile(join(folder, "shapes.preprocess.json"), JSON.stringify({ resize: 36, crop: 32, streamed }));
  const reader = await prepareAt(join(folder, "shapes-train-000000.tar"), { cacheDir: join(folder, "pusher") });
  await reader.close();
  expect(reader.streamed).toBe(streamed);
  return reader;
}

/** As the command does it. */
async function push(reader: DatasetReader): Promise<void> {
  const identity = await kit.caller("lab", "admin");
  const files = [];
  const bytesOf = new Map<string, () => AsyncIterable<Uint8Array>>();
  for (const { path, shards } of await portableFiles(join(folder, "pusher"), reader.version)) {
    const hashes = [];
    for (const shard of shards) {
      const hash = createHash("sha256");
      for await (const piece of shard.read()) hash.update(piece);
      hashes.push(hash.digest("hex"));
      bytesOf.set(hashes.at(-1) as string, shard.read);
    }
    files.push({ path, shards: hashes });
  }
  const told = { dataset: registrationOf(reader), files };
  const { missing } = await pushDataset(kit.deps, { identity, push: told });
  expect([...missing].sort()).toEqual([...bytesOf.keys()].sort());
  for (const sha256 of missing)
    await kit.deps.artifacts.put({
      mediaType: "application/octet-stream",
      bytes: (bytesOf.get(sha256) as () => AsyncIterable<Uint8Array>)(),
    });
  expect(await pushDataset(kit.deps, { identity, push: told })).toMatchObject({
    missing: [],
    dataset: { version: reader.version },
  });
}

/** Brings a pushed version to a machine whose cache is `folder/node`. */
const fetchTo = (machine: string, { version }: DatasetReader) =>
  createDatasetCache({
    folder: join(folder, machine),
    slotName: "worker",
    artifacts: kit.deps.artifacts,
    partsOf: (wanted) => datasetParts(kit.deps, wanted),
    maxBytes: 1e9,
  }).use(version, signal);

const images = async (machine: string, { version }: DatasetReader) => {
  const reader = await openPrepared(join(folder, machine), version);
  const read = await Promise.all(
    splits.map((split) =>
      reader.batch(
        split,
        Uint32Array.from({ length: Math.min(20, reader.size(split)) }, (_, place) => place),
      ),
    ),
  );
  await reader.close();
  return read.map(({ images: pixels, labels }) => ({
    labels: [...labels],
    pixels: createHash("sha256").update(pixels).digest("hex"),
  }));
};

test("what was pushed comes to another machine as it was prepared, and its stage runs are dispatched there", async () => {
  const reader = await prepared({ streamed: false });
  const workerId = await kit.worker({ name: "elsewhere" });
  await push(reader);
  await kit.submit({ dataset: reader.name, until: "train", budgets: undefined });
  const [born] = await dispatch(kit.deps);
  const { assignment } = await kit.claim(born?.attemptId as string, workerId);
  expect(assignment.datasetVersion).toBe(reader.version);

  await fetchTo("node", reader);
  expect(await images("node", reader)).toEqual(await images("pusher", reader));
  for (const file of await readdir(join(folder, "node", reader.version)))
    expect(await fileSha256(join(folder, "node", reader.version, file))).toBe(
      await fileSha256(join(folder, "pusher", reader.version, file)),
    );
  expect(await kit.deps.artifacts.collectGarbage(0)).toBe(0);
  expect(await kit.db.prisma.worker.findUnique({ where: { id: await kit.worker() } })).toMatchObject({
    datasets: expect.arrayContaining([reader.version]),
  });
});

test("encoded images, which lie in archives of the machine that pushes, come along", async () => {
  const reader = await prepared({ streamed: true });
  await push(reader);
  await fetchTo("node", reader);
  const before = await images("pusher", reader);
  // It stays as it was fetched where its folder is prepared too, under whoever runs with it.
  const files = await readdir(join(folder, "node", reader.version));
  await (await prepareAt(join(folder, "shapes-train-000000.tar"), { cacheDir: join(folder, "node") })).close();
  expect(await readdir(join(folder, "node", reader.version))).toEqual(files);
  for (const name of await readdir(folder)) if (name.endsWith(".tar")) await rm(join(folder, name));
  expect(await images("node", reader)).toEqual(before);
  await expect(images("pusher", reader)).rejects.toThrow("cannot be read");
});
