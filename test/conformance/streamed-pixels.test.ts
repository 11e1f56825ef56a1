import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Region, resizedMiddle } from "@reluctant/relu";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeView } from "../../packages/datasets/src/decode.ts";
import { atScale, croppedFirst, scaledFirst, type View } from "../../packages/datasets/src/view.ts";
import { jpegOf } from "../images.ts";
import { noPyTorch, type PythonProcess, startPython } from "../python.ts";
import { skipFor } from "../skip-for.ts";

/**
 * What streamed data sets read is what Pillow decodes and torchvision's transforms make of it: no value is off by more than
 * one of 255. A JPEG whose box is at least twice, four or eight times the output is decoded at a half, a quarter or an eighth
 * of its size, and then it is Pillow's of that size (its draft mode) within one; of what torchvision makes of the full size
 * it is so far away on average, at most and with grain on every pixel.
 */
const within = 1;
const fromFullSize = { 2: 1.5, 4: 2, 8: 4 };

const size = { width: 331, height: 257 };
const isPng = (bytes: Buffer) => bytes.subarray(1, 4).toString() === "PNG";
const crop = { left: 17, top: 9, width: 240, height: 201 };

let folder: string;
let pillow: PythonProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamed-pixels-"));
  pillow = startPython("pillow_pixels.py", import.meta.dirname);
});
afterAll(async () => {
  pillow?.stop();
  await rm(folder, { recursive: true, force: true });
});

const reencoded = async (change: (image: Sharp) => Sharp) => change(sharp(await jpegOf(3, size))).toBuffer();

const images: Record<string, () => Promise<Buffer>> = {
  "a JPEG whose colors have half the resolution": () => jpegOf(3, size),
  "one of full resolution": () => reencoded((image) => image.jpeg({ quality: 95, chromaSubsampling: "4:4:4" })),
  "a gray one": () => reencoded((image) => image.grayscale().jpeg({ quality: 85 })),
  "a progressive one": () => reencoded((image) => image.jpeg({ progressive: true })),
  "one that a camera turned": () => reencoded((image) => image.withMetadata({ orientation: 6 }).jpeg()),
  "one with a color profile": () => reencoded((image) => image.withIccProfile("p3").jpeg()),
  "a PNG": () => reencoded((image) => image.png()),
};

async function put(bytes: Buffer): Promise<{ file: string; bytes: Buffer }> {
  const file = join(folder, "image");
  await writeFile(file, bytes);
  return { file, bytes };
}

async function ours(image: { file: string; bytes: Buffer }, side: number, viewOf: (size: typeof crop) => View) {
  const pixels = new Uint8Array(side * side * 3);
  await decodeView({ name: "", ...image }, side, (found) => viewOf({ ...crop, ...found }), pixels);
  return pixels;
}

const theirs = async (question: object) => Buffer.from((await pillow.ask(question)) as string, "base64");

function differences(a: Uint8Array, b: Uint8Array): { most: number; mean: number } {
  expect(a.length).toBe(b.length);
  let [most, sum] = [0, 0];
  for (const [i, value] of a.entries()) {
    const difference = Math.abs(value - (b[i] as number));
    most = Math.max(most, difference);
    sum += difference;
  }
  return { most, mean: sum / a.length };
}

const list = ({ left, top, width, height }: Region) => [left, top, width, height];

describe("pixels of streamed images", skipFor(noPyTorch), () => {
  it.each(Object.entries(images))("are torchvision's of %s: resized crop, and middle", async (_, make) => {
    const image = await put(await make());
    for (const side of isPng(image.bytes) ? [64, 150, 300] : [150, 224, 300]) {
      const cropped = await ours(image, side, () => croppedFirst(crop));
      const expected = await theirs({ file: image.file, crop: list(crop), size: side });
      expect(differences(cropped, expected).most).toBeLessThanOrEqual(within);
    }
    const how = { resize: 160, crop: 141 };
    const middle = await ours(image, how.crop, (found) => scaledFirst(resizedMiddle(found, how), found));
    const expected = await theirs({ file: image.file, resize: how.resize, size: how.crop });
    expect(differences(middle, expected).most).toBeLessThanOrEqual(within);
  });

  it.each([
    [2, 100],
    [4, 50],
    [8, 25],
  ] as const)("are those of a JPEG decoded at 1/%i of its size", async (denominator, side) => {
    const image = await put(await jpegOf(5, size));
    const view = atScale(croppedFirst(crop), size, side);
    expect(view.denominator).toBe(denominator);
    const pixels = await ours(image, side, () => croppedFirst(crop));
    const small = [denominator, list(view.seen), list(view.box)];
    expect(differences(pixels, await theirs({ file: image.file, small, size: side })).most).toBeLessThanOrEqual(within);
    const full = await theirs({ file: image.file, crop: list(crop), size: side });
    expect(differences(pixels, full).mean).toBeLessThanOrEqual(fromFullSize[denominator]);
  });
});
