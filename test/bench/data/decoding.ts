import type { DatasetReader } from "@reluctant/datasets";
import { startPython } from "../../python.ts";

/** What becomes of an image: a training image's way, and a test image's. */
const paths = ["resized crop", "middle"] as const;

/** CPU time of an image, ms. */
export interface Decoding {
  path: (typeof paths)[number];
  ours: number;
  peer: number;
}

export interface DecodingFigures {
  /** The peer's versions. */
  peer: string;
  found: Decoding[];
}

/** Images of one turn: whole batches. */
const imagesAtOnce = 384;
const batchSize = 32;

/**
 * The same JPEGs read by us and by Pillow and torchvision, in turns; of each the median over rounds of the CPU time that its
 * process takes, threads and all.
 */
export async function decoding(
  reader: DatasetReader,
  shards: readonly string[],
  rounds: number,
): Promise<DecodingFigures> {
  const python = startPython(["peer.py", ...shards, "256", "224"], "test/bench/data");
  try {
    const peer = String(await python.ask("versions"));
    const found: Decoding[] = [];
    for (const path of paths) {
      const turns: { ours: number; peer: number }[] = [];
      for (let round = 0; round <= rounds; round++) {
        const ours = await ourTurn(reader, path, round);
        turns.push({ ours, peer: Number(await python.ask({ path, images: imagesAtOnce })) / imagesAtOnce });
      }
      const warm = turns.slice(1);
      found.push({ path, ours: median(warm.map(({ ours }) => ours)), peer: median(warm.map(({ peer }) => peer)) });
    }
    return { peer, found };
  } finally {
    python.stop();
  }
}

/** @returns CPU time of an image, ms */
async function ourTurn(reader: DatasetReader, path: Decoding["path"], epoch: number): Promise<number> {
  const order = reader.order(1, epoch);
  const crops = path === "resized crop" ? { seed: 1, epoch } : undefined;
  const before = process.cpuUsage();
  const batches = Array.from({ length: imagesAtOnce / batchSize }, (_, number) => {
    const places = Uint32Array.from(
      { length: batchSize },
      (_, i) => order[(number * batchSize + i) % order.length] ?? 0,
    );
    return reader.batch("train", places, crops);
  });
  await Promise.all(batches);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / imagesAtOnce;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
