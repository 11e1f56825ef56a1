/**
 * How fast artifacts go into each store and come out again, hashed both times: one of 200 MB (a ResNet-50 checkpoint), and many
 * of 4 KB (masks), eight at a time. Postgres, S3 server and this process share the machine; the folder is a local disk.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArtifactStore, openArtifacts, openStores, parseLocations } from "@reluctant/artifacts";
import { openDatabase } from "@reluctant/db";
import { startStack } from "@reluctant/local";
import { s3ServerOfTests } from "../../scripts/s3-server.mjs";
import { startS3Server } from "../s3-server.ts";
import type { Options } from "./options.ts";
import type { Figure, Row } from "./rows.ts";

const pieceBytes = 2 ** 20;
const smallBytes = 4_096;
const atOnce = 8;

export async function artifacts({ quick, only }: Pick<Options, "quick" | "only">): Promise<Row[]> {
  const dir = await mkdtemp(join(tmpdir(), "reluctant-bench-"));
  const stack = await startStack({ dir, workers: 0, only: [], env: process.env });
  const program = s3ServerOfTests();
  const server = program ? await startS3Server(program) : undefined;
  const db = openDatabase(stack.databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), "reluctant-artifacts-"));
  await mkdir(join(folder, "staging"));
  const stores = [
    { name: "Postgres", location: "postgres" },
    { name: "S3", location: await server?.bucket() },
    { name: "a folder", location: `file://${folder}` },
  ];
  const rows: Row[] = [];
  try {
    for (const { name, location } of stores.filter((store) => store.name.includes(only))) {
      if (!location) {
        rows.push({ case: name, notRun: "the S3 server of the tests is not built: node scripts/setup.mjs --test" });
        continue;
      }
      const opened = await openStores(parseLocations(location, "the bench's store"));
      rows.push(...(await measured(name, openArtifacts(db, opened), quick)));
    }
  } finally {
    await db.close();
    await server?.stop();
    await stack.stop();
    for (const made of [dir, folder]) await rm(made, { recursive: true, force: true });
  }
  return rows;
}

async function measured(name: string, store: ArtifactStore, quick: boolean): Promise<Figure[]> {
  const pieces = quick ? 20 : 200;
  const many = quick ? 40 : 400;
  const seed = createHash("sha256").update(name).digest();
  const mediaType = "application/octet-stream";
  const mb = (pieces * pieceBytes) / 1e6;
  const up = await seconds(() => store.put({ mediaType, bytes: noise(seed, pieces) }));
  const down = await seconds(async () => {
    const hash = createHash("sha256");
    for await (const piece of (await store.get(up.answer.sha256))?.body ?? []) hash.update(piece);
    if (hash.digest("hex") !== up.answer.sha256) throw new Error(`${name} answered other bytes`);
  });
  let next = 0;
  const small = async () => {
    for (let number = next++; number < many; number = next++) {
      await store.put({
        mediaType,
        bytes: one(Buffer.alloc(smallBytes, createHash("sha256").update(seed).update(`${number}`).digest())),
      });
    }
  };
  const smallUp = await seconds(() => Promise.all(Array.from({ length: atOnce }, small)));
  return [
    { case: `${name}, up`, value: mb / up.seconds, unit: "MB/s" },
    { case: `${name}, down`, value: mb / down.seconds, unit: "MB/s" },
    { case: `${name}, of ${smallBytes} bytes up`, value: many / smallUp.seconds, unit: "1/s" },
  ];
}

async function seconds<T>(work: () => Promise<T>): Promise<{ seconds: number; answer: T }> {
  const began = performance.now();
  const answer = await work();
  return { seconds: (performance.now() - began) / 1_000, answer };
}

/** Bytes that compress no better than weights do: each piece is another turn of the same random ones. */
async function* noise(seed: Buffer, pieces: number): AsyncGenerator<Uint8Array> {
  const random = Buffer.concat(
    Array.from({ length: pieceBytes / 32 }, (_, place) =>
      createHash("sha256").update(seed).update(`${place}`).digest(),
    ),
  );
  for (let piece = 0; piece < pieces; piece += 1) {
    const turn = (piece * 4_099) % pieceBytes;
    yield Buffer.concat([random.subarray(turn), random.subarray(0, turn)]);
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
