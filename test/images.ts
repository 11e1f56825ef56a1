import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { uint32 } from "@reluctant/relu";
import sharp from "sharp";
import { pack } from "tar-stream";

const random = (seed: number, length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => uint32({ seed, stream: 98, index }) % 256));

const grain = Buffer.from(random(0, 600 * 600).map((value) => 96 + (value >> 2)));

/** A JPEG of colored clouds with grain, which takes as long to decode as a photograph. A pure function of its number. */
export async function jpegOf(number: number, { width, height }: { width: number; height: number }): Promise<Buffer> {
  const coarse = random(number + 1, 24 * 18 * 3);
  const start = (7919 * number) % (grain.length - width * height);
  const fine = grain.subarray(start, start + width * height);
  return sharp(coarse, { raw: { width: 24, height: 18, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .composite([{ input: fine, raw: { width, height, channels: 1 }, blend: "soft-light" }])
    .removeAlpha()
    .jpeg({ quality: 90 })
    .toBuffer();
}

export interface ShardImages {
  /** Of the images numbered from `from` on; their classes alternate. */
  from: number;
  count: number;
  classes: number;
  size: (number: number) => { width: number; height: number };
}

/** A WebDataset shard. */
export async function writeShard(file: string, { from, count, classes, size }: ShardImages): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(file));
  for (let number = from; number < from + count; number++) {
    archive.entry({ name: `${number}.jpg` }, await jpegOf(number, size(number)));
    archive.entry({ name: `${number}.cls` }, `${number % classes}`);
  }
  archive.finalize();
  await written;
}
