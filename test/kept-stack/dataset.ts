import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { glyphs } from "@reluctant/datasets";

export const datasetName = "kept-glyphs";
const images = { train: 200, test: 20 };
const side = 32;

/** Writes the images that a kept stack learned from, byte for byte: its dataset version names these files. */
export async function writeDataset(folder: string): Promise<void> {
  for await (const { name, bytes } of glyphs(images, 0, datasetName).samples()) {
    const file = join(folder, datasetName, `${name}.png`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, png(Buffer.from(bytes)));
  }
}

/** A PNG that compresses nothing, so that its bytes are the same whatever wrote it. */
function png(pixels: Buffer): Buffer {
  const row = 3 * side;
  const lines = Buffer.concat(
    Array.from({ length: side }, (_, y) => Buffer.concat([Buffer.of(0), pixels.subarray(y * row, (y + 1) * row)])),
  );
  const size = Buffer.alloc(4);
  size.writeUInt16LE(lines.length, 0);
  size.writeUInt16LE(~lines.length & 0xffff, 2);
  const stored = Buffer.concat([Buffer.of(0x78, 0x01, 0x01), size, lines, uint32(adler32(lines))]);
  const header = Buffer.concat([uint32(side), uint32(side), Buffer.of(8, 2, 0, 0, 0)]);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", stored),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([uint32(data.length), named, uint32(crc32(named))]);
}

function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
