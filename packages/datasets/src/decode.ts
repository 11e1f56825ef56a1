import type { Region } from "@reluctant/relu";
import sharp, { type Sharp } from "sharp";
import { BrokenImage } from "./broken-images.ts";
import { reason } from "./errors.ts";
import { imageCodec } from "./image-codec.ts";
import { mendedJpeg } from "./mended-jpeg.ts";
import type { Pixels, SampleBytes } from "./source.ts";
import { atScale, croppedFirst, type View } from "./view.ts";

/** 8,192 × 8,192: a small file can unfold to gigabytes. */
const maxPixels = 64 * 2 ** 20;

/** For processes that decode many images at a time, none of them twice. */
export function decodeOnOneCoreEach(): void {
  sharp.concurrency(1);
  sharp.cache(false);
}

/** Anything libvips warns of (a truncated file, a bad marker) is an error: a half-gray image would train silently. */
const open = (bytes: Uint8Array): Sharp => sharp(bytes, openOptions);
const openOptions = { failOn: "warning", limitInputPixels: maxPixels, pages: 1 } as const;

/**
 * Decodes a JPEG, PNG or WebP to RGB in a libuv thread. Alpha is dropped, gray becomes RGB, of 16 bits the upper 8 stay, CMYK
 * is converted by the profile in the file or else a common one. What its name promises does not matter.
 * @throws DatasetError naming the file
 */
export const decodeImage = (sample: SampleBytes): Promise<Pixels> => readable(sample, decode);

const decode = (bytes: Uint8Array): Promise<Pixels> => overHarmless(bytes, pixelsOf);

/** Reads with all warnings for errors, and once more, of the mended image, where the one that was told is harmless. */
async function overHarmless<T>(bytes: Uint8Array, read: (image: Sharp) => Promise<T>): Promise<T> {
  try {
    return await read(open(bytes));
  } catch (error) {
    if (!isJpeg(bytes) || !isHarmless(error)) throw error;
    const mended = mendedJpeg(bytes);
    return read(hasAllPixels(mended) ? sharp(mended, { ...openOptions, failOn: "error" }) : open(mended));
  }
}

/** Whether every pixel is decoded without a warning: what is warned of then lies behind the last one. */
function hasAllPixels(jpeg: Uint8Array): boolean {
  try {
    const image = imageCodec.openJpeg(jpeg);
    if (!image) return false;
    requireSize(image);
    imageCodec.jpegView(atScale(croppedFirst({ top: 0, left: 0, ...image }), image, 16), 16);
    return true;
  } catch {
    return false;
  }
}

async function pixelsOf(image: Sharp): Promise<Pixels> {
  const raw = image.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  return { data, shape: [info.height, info.width, info.channels] };
}

/**
 * Whether a JPEG's warning takes nothing from its pixels, as bytes between two of its parts and odd notes do not. Pillow
 * passes over all warnings; one of data that breaks off would leave gray pixels.
 */
function isHarmless(error: unknown): boolean {
  const lines = reason(error)
    .split("\n")
    .map((line) => line.replace(/^\s*(Vips\w+:\s*)?/, "").trim())
    .filter((line) => line !== "");
  return lines.length > 0 && lines.every((line) => harmless.some((pattern) => pattern.test(line)));
}

const harmless = [
  /^Corrupt JPEG data: \d+ extraneous bytes before marker 0x[0-9a-f]+$/,
  /^Invalid SOS parameters for sequential JPEG$/,
  /^Warning: unknown JFIF revision number/,
  /^Unknown Adobe color transform code/,
];

/**
 * What `viewOf` its size is of an image, scaled to `size` × `size`: by libjpeg-turbo from a JPEG, of which no more is decoded
 * than is needed, from all pixels of any other. A JPEG of 500×375 takes one core 1 ms. As torchvision has it, neither an
 * orientation nor a color profile in the file changes anything.
 * @param sample its bytes are read before this returns, not while its promise is pending
 * @param imageHWC takes it: uint8, RGB
 * @throws DatasetError naming the file
 */
export const decodeView = (
  sample: SampleBytes,
  size: number,
  viewOf: (image: { height: number; width: number }) => View,
  imageHWC: Uint8Array,
): Promise<void> =>
  readable(sample, async (bytes) => {
    const view = isJpeg(bytes) ? jpegView(bytes, size, viewOf) : null;
    if (view) imageHWC.set(view);
    else {
      const { data, shape } = await decode(new Uint8Array(bytes));
      const [height, width] = shape;
      imageHWC.set(imageCodec.pixelsView(data, width, viewOf({ height, width }), size));
    }
  });

/** Null for what is left to the other decoder: other colors, and what this one warns of without need. */
function jpegView(
  bytes: Uint8Array,
  size: number,
  viewOf: (image: { height: number; width: number }) => View,
): Uint8Array | null {
  try {
    const image = imageCodec.openJpeg(bytes);
    if (!image) return null;
    requireSize(image);
    return imageCodec.jpegView(atScale(viewOf(image), image, size), size);
  } catch (error) {
    if (isHarmless(error)) return null;
    throw error;
  }
}

/**
 * JPEG, PNG or WebP; null for anything else. By all of their signatures: of what sharp reads these are data, where a drawing or
 * a TIFF can lead elsewhere.
 */
export function imageFormat(bytes: Uint8Array): "jpeg" | "png" | "webp" | null {
  const start = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  if (start.startsWith("\xff\xd8\xff")) return "jpeg";
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  return /^RIFF[\s\S]{4}WEBPVP8[ LX]$/.test(start) ? "webp" : null;
}

function requireImage(bytes: Uint8Array): void {
  if (imageFormat(bytes) === null && !isJpeg(bytes)) throw new Error("it is neither JPEG, PNG nor WebP");
}

const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

function requireSize({ width, height }: { width: number; height: number }): void {
  if (width * height > maxPixels) throw new Error(`${width}×${height} pixels are more than the limit`);
}

/** Of images that are prepared: bilinear, over as many pixels as fall together where it shrinks. */
export const scaledRegion = (image: Sharp, region: Region, size: number): Sharp =>
  image.extract({ ...region }).resize(size, size, { fit: "fill", kernel: "linear" });

const jpegEnd = Buffer.from([0xff, 0xd9]);
const jpegScan = Buffer.from([0xff, 0xda]);

/**
 * What can be told of an image without decoding it, in 0.2 ms: its header is sound and its end is there.
 * @throws DatasetError naming the file
 */
export const requireWhole = (sample: SampleBytes): Promise<void> =>
  readable(sample, async (bytes) => {
    const { format, width, height } = await overHarmless(bytes, (image) => image.metadata());
    requireSize({ width, height });
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const ended = {
      jpeg: () => content.lastIndexOf(jpegEnd) > content.lastIndexOf(jpegScan),
      png: () => content.includes("IEND", Math.max(0, content.length - 64)),
      webp: () => content.length >= 8 + content.readUInt32LE(4),
    }[format as "jpeg" | "png" | "webp"];
    if (!ended) throw new Error(`${format} is neither JPEG, PNG nor WebP`);
    if (!ended()) throw new Error("its end is missing");
  });

async function readable<T>(sample: SampleBytes, read: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  try {
    requireImage(sample.bytes);
    return await read(sample.bytes);
  } catch (cause) {
    throw new BrokenImage(`not a readable image (${reason(cause)})`, sample, cause);
  }
}
