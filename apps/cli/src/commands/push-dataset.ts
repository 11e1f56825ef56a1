import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { type DatasetPush, ReluctantError } from "@reluctant/contracts";
import type { DatasetReader, PortableFile, PrepareProgress, Shard } from "@reluctant/datasets";
import { bytes } from "@reluctant/plot";
import type { Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { type ConnectionFlags, connect } from "../connection.ts";
import { ContentError } from "../input-file.ts";
import { bar } from "../terminal/format.ts";
import { LiveLines } from "../terminal/live-lines.ts";
import { preparingLine } from "../terminal/preparing.ts";
import { print } from "../terminal/print.ts";
import { line } from "../terminal/text.ts";

export const push = (datasets: Command): Command =>
  datasets
    .command("push <path>")
    .description(
      "put a data set into the artifact store, so that every worker can fetch it; prepared here first, and resumed when run again",
    )
    .action(async (path: string, _: unknown, command: Command) => {
      const client = await connect(command.optsWithGlobals<ConnectionFlags>());
      const [{ portableFiles, prepareAt, registrationOf }, { workerCache }] = await Promise.all([
        import("@reluctant/datasets"),
        import("@reluctant/local"),
      ]);
      const cache = await workerCache(process.env);
      if (cache === null)
        throw new ReluctantError("unavailable", "no cache folder can be written: set RELUCTANT_CACHE to one that can");
      const cacheDir = join(cache, "datasets");
      const live = new LiveLines(process.stderr);
      const reader = await prepared(
        () => prepareAt(resolve(path), { cacheDir, onProgress: showPreparing(live) }),
        live,
      );
      const shards = await hashed(await portableFiles(cacheDir, reader.version));
      await pushed(client, { dataset: registrationOf(reader), files: filesOf(shards) }, shards);
      print(line`${reader.name} is pushed, version ${reader.version.slice(0, 12)}: workers fetch it when they need it`);
    });

const showPreparing =
  (live: LiveLines) =>
  ({ dataset: name, step, ...progress }: PrepareProgress): void => {
    if (step !== "ready") live.draw([preparingLine({ name, step, ...progress })]);
  };

async function prepared(prepare: () => Promise<DatasetReader>, live: LiveLines): Promise<DatasetReader> {
  try {
    const reader = await prepare();
    await reader.close();
    return reader;
  } catch (error) {
    const { DatasetError } = await import("@reluctant/datasets");
    throw error instanceof DatasetError ? new ContentError(error.message) : error;
  } finally {
    live.clear();
  }
}

interface HashedShard extends Shard {
  path: string;
  sha256: string;
}

/** Hashes every shard, which tells what the store lacks before anything is sent. */
async function hashed(files: readonly PortableFile[]): Promise<HashedShard[]> {
  const found: HashedShard[] = [];
  for (const { path, shards } of files) {
    for (const shard of shards) {
      const hash = createHash("sha256");
      for await (const piece of shard.read()) hash.update(piece);
      found.push({ ...shard, path, sha256: hash.digest("hex") });
    }
  }
  return found;
}

function filesOf(shards: readonly HashedShard[]): DatasetPush["files"] {
  const files = new Map<string, string[]>();
  for (const { path, sha256 } of shards) files.set(path, [...(files.get(path) ?? []), sha256]);
  return [...files].map(([path, hashes]) => ({ path, shards: hashes }));
}

/** Sends what the store lacks, and then says what it is. */
async function pushed(client: Client, push: DatasetPush, shards: readonly HashedShard[]): Promise<void> {
  const missing = new Set((await client.pushDataset(push)).missing);
  if (missing.size === 0) return;
  const left = [...new Map(shards.map((shard) => [shard.sha256, shard])).values()].filter(({ sha256 }) =>
    missing.has(sha256),
  );
  const total = left.reduce((sum, shard) => sum + shard.bytes, 0);
  const live = new LiveLines(process.stderr);
  let sent = 0;
  try {
    for (const shard of left) {
      const share = total === 0 ? 1 : sent / total;
      const text = line`pushing ${push.dataset.name}  ${bar(share)}  ${bytes(sent)} of ${bytes(total)}`;
      live.draw([{ key: "push", text, share }]);
      await client.artifacts.import(Readable.toWeb(Readable.from(shard.read())) as ReadableStream<Uint8Array>);
      sent += shard.bytes;
    }
  } finally {
    live.clear();
  }
  const { missing: still } = await client.pushDataset(push);
  if (still.length > 0)
    throw new ReluctantError("conflict", `the data set has changed while it was pushed: run it again`);
}
