import sharp from "sharp";
import { DatasetError, reason } from "./errors.ts";
import type { Pixels, SampleBytes } from "./source.ts";

/** 8,192 × 8,192: a small file can unfold to gigabytes. */
const maxPixels = 64 * 2 ** 20;

/**
 * Decodes a JPEG or PNG to RGB in a libuv thread. Anything libvips warns of (a truncated file, a bad marker) is an
 * error: a half-gray image would train silently. Alpha is dropped, gray becomes RGB, 16 bits become 8.
 * @throws DatasetError naming the file
 */
export async function decodeImage({ bytes, file, offset }: SampleBytes): Promise<Pixels> {
  try {
    const image = sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, pages: 1 });
    const raw = image.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" });
    const { data, info } = await raw.toBuffer({ resolveWithObject: true });
    return { data, shape: [info.height, info.width, info.channels] };
  } catch (cause) {
    throw new DatasetError(`not a readable image (${reason(cause)}); replace or remove it`, { file, offset, cause });
  }
}
