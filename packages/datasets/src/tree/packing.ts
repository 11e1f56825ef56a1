import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip, type ZlibOptions } from "node:zlib";
import { Decompress } from "fzstd";
import { ZstdFrames } from "./zstd-frames.ts";

export type Packing = "gzip" | "zstd";

/** How a file is packed, by its first bytes and not by its name; null where it is not. */
export async function packingOf(file: string): Promise<Packing | null> {
  const [first = 0, second = 0, third = 0, fourth = 0] = await firstBytes(file, 4);
  if (first === 0x1f && second === 0x8b) return "gzip";
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return "zstd";
  return null;
}

export async function firstBytes(file: string, most: number): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The bytes of a file, unpacked if they are packed. */
export async function* unpacked(file: string): AsyncGenerator<Uint8Array> {
  const packing = await packingOf(file);
  const bytes = createReadStream(file);
  if (packing === "gzip") yield* gunzipped(bytes);
  else if (packing === "zstd") yield* unzstd(bytes);
  else yield* bytes;
}

/** A buffer of one byte lets zlib go on only once a piece is read: it drops what is not when it meets a fault. */
const gunzipped = (bytes: NodeJS.ReadableStream): AsyncIterable<Uint8Array> =>
  pipeline(bytes, createGunzip({ readableHighWaterMark: 1 } as ZlibOptions), () => {});

/** Bytes given to the decoder at a time: four can stand for 128 KB, so that these make 32 MB at the most. */
const zstdStep = 1024;

async function* unzstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const frames = new ZstdFrames();
  const decoder = new Decompress((piece) => ready.push(piece));
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += zstdStep) {
      const step = chunk.subarray(at, at + zstdStep);
      frames.see(step);
      decoder.push(step);
      yield* ready.splice(0);
    }
  }
  decoder.push(new Uint8Array(), true);
  yield* ready;
}
