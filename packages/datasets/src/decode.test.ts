import { uint32 } from "@reluctant/relu";
import sharp, { type JpegOptions } from "sharp";
import { expect, it } from "vitest";
import { jpegOf } from "../../../test/images.ts";
import { decodeImage, decodeView, requireWhole } from "./decode.ts";
import { croppedFirst, type View } from "./view.ts";

const jpeg = await jpegOf(1, { width: 96, height: 80 });

async function pixelsOf(bytes: Uint8Array, size: number, view: () => View): Promise<Uint8Array> {
  const pixels = new Uint8Array(size * size * 3);
  await decodeView({ name: "", file: "photo.jpg", bytes }, size, view, pixels);
  return pixels;
}

/** The upper left quarter of an image, as 16 × 16 pixels. */
const corner = (bytes: Uint8Array, height = 40): Promise<Uint8Array> =>
  pixelsOf(bytes, 16, () => croppedFirst({ top: 0, left: 0, height, width: 48 }));

const huffmanTable = jpeg.indexOf(Buffer.from([0xff, 0xc4]));

const broken = {
  "is cut off": jpeg.subarray(0, jpeg.length >> 1),
  "has a damaged table": Buffer.from(jpeg).fill(0xff, huffmanTable + 5, huffmanTable + 21),
  "says that it ends where its pixels should be": Buffer.concat([
    jpeg.subarray(0, jpeg.length >> 1),
    Buffer.from([0xff, 0xd9]),
    jpeg.subarray(jpeg.length >> 1),
  ]),
  "only begins as a JPEG": Buffer.from([0xff, 0xd8, 1, 2, 3]),
  "is empty": Buffer.alloc(0),
};

it.each(Object.entries(broken))("an image that %s is refused by name, and the next one is read", async (_, bytes) => {
  const whole = await corner(jpeg);
  await expect(corner(bytes, 80)).rejects.toThrow(/^photo\.jpg: not a readable image \(.+\); replace or remove it$/);
  expect(await corner(jpeg)).toEqual(whole);
});

it("what lies below the part that is asked for is not decoded", async () => {
  const cut = jpeg.subarray(0, Math.round(0.8 * jpeg.length));
  expect(await corner(cut)).toEqual(await corner(jpeg));
});

const coding: JpegOptions[] = [
  { quality: 5 },
  { quality: 85, optimiseCoding: false },
  { quality: 100, chromaSubsampling: "4:4:4" },
  { quality: 100, optimiseCoding: false },
];
it.each(coding)("a JPEG of one scan has the pixels that it has in many: %o", async (options) => {
  const [width, height] = [96, 80];
  const noise = Uint8Array.from({ length: width * height * 3 }, (_, index) => uint32({ seed: 1, stream: 9, index }));
  for (const image of [sharp(noise, { raw: { width, height, channels: 3 } }), sharp(jpeg)]) {
    const coded = (progressive: boolean) =>
      image
        .clone()
        .jpeg({ ...options, progressive })
        .toBuffer();
    const [one, many] = [await coded(false), await coded(true)];
    for (const [size, top, left, extent] of [
      [90, 8, 24, 72],
      [20, 5, 33, 47],
    ] as const) {
      const view = () => croppedFirst({ top, left, height: extent, width: extent });
      expect(await pixelsOf(one, size, view)).toEqual(await pixelsOf(many, size, view));
    }
  }
});

it("a JPEG is read that a camera or a program was careless with, where no pixel is lost", async () => {
  const table = jpeg.indexOf(Buffer.from([0xff, 0xdb]));
  const careless = Buffer.concat([jpeg.subarray(0, table), Buffer.from([1, 2, 3]), jpeg.subarray(table)]);
  const at = { name: "", file: "photo.jpg" };
  await requireWhole({ ...at, bytes: careless });
  expect((await decodeImage({ ...at, bytes: careless })).data).toEqual(
    (await decodeImage({ ...at, bytes: jpeg })).data,
  );
  const whole = (bytes: Uint8Array) => {
    const pixels = new Uint8Array(64 * 64 * 3); // at over half of its size, a JPEG is decoded at all of it
    const view = croppedFirst({ top: 0, left: 0, height: 80, width: 96 });
    return decodeView({ ...at, bytes }, 64, () => view, pixels).then(() => pixels);
  };
  const [one, other] = [await whole(careless), await whole(jpeg)];
  expect(Math.max(...one.map((value, i) => Math.abs(value - (other[i] as number))))).toBeLessThanOrEqual(2);
});

const table = jpeg.indexOf(Buffer.from([0xff, 0xdb]));
/** Revision 9 of JFIF, and Adobe's colors 7. */
const jfif = Buffer.concat([Buffer.of(0xff, 0xe0, 0, 16), Buffer.from("JFIF\0"), Buffer.of(9, 1, 0, 0, 1, 0, 1, 0, 0)]);
const adobe = Buffer.concat([Buffer.of(0xff, 0xee, 0, 14), Buffer.from("Adobe"), Buffer.of(0, 100, 0, 0, 0, 0, 7)]);
const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
const scanEnd = scan + 2 + jpeg.readUInt16BE(scan + 2);
const [head, tail] = [jpeg.subarray(0, table), jpeg.subarray(table)];
const set = (at: number, value: number) =>
  Buffer.concat([jpeg.subarray(0, at), Buffer.of(value), jpeg.subarray(at + 1)]);

const wellMade = { name: "", file: "photo.jpg", bytes: jpeg };
const careless = {
  "has bytes between two of its parts": Buffer.concat([head, Buffer.of(1, 2, 3), tail]),
  "has bytes before its end": Buffer.concat([jpeg.subarray(0, -2), Buffer.of(1, 2, 3), jpeg.subarray(-2)]),
  "says a revision of JFIF that there is not": Buffer.concat([jpeg.subarray(0, 2), jfif, jpeg.subarray(2)]),
  "says colors of Adobe's that there are not": Buffer.concat([jpeg.subarray(0, 2), adobe, jpeg.subarray(2)]),
  "says parameters of its scan that it has not": set(scanEnd - 2, 0),
};

it.each(Object.entries(careless))("a JPEG that %s has the pixels of one that is well made", async (_, bytes) => {
  const { data } = await decodeImage({ name: "", file: "photo.jpg", bytes });
  expect(data).toEqual((await decodeImage(wellMade)).data);
});

it.each(Object.entries(careless))("a JPEG that %s, and of whose pixels some are lost, is refused", async (_, bytes) => {
  const torn = Buffer.concat([bytes.subarray(0, Math.round(0.75 * bytes.length)), bytes.subarray(-2)]);
  await expect(decodeImage({ name: "", file: "photo.jpg", bytes: torn })).rejects.toThrow(/not a readable image/);
  await expect(corner(torn, 80)).rejects.toThrow(/not a readable image/);
});

it.each([
  ["a page of a server", Buffer.from("<!doctype html><p>Not found")],
  ["a drawing that leads elsewhere", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  [
    "a drawing with WebP's name in it",
    Buffer.from(`<svg i='WEBPVP8 ' xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`),
  ],
  ["a TIFF with WebP's name in it", Buffer.concat([Buffer.from("II*\0\x10\0\0\0WEBPVP8 "), Buffer.alloc(64)])],
  ["a sound in WebP's container", Buffer.concat([Buffer.from("RIFF\x24\0\0\0WAVEfmt "), Buffer.alloc(64)])],
  ["a GIF", Buffer.from("GIF89a\x01\0\x01\0\0\0\0;", "latin1")],
])("%s is no image, whatever its name says", async (_, bytes) => {
  await expect(decodeImage({ name: "", file: "photo.jpg", bytes })).rejects.toThrow(/it is neither JPEG, PNG nor WebP/);
});

it("a JPEG of four colors is left to the other decoder", async () => {
  const red = sharp({ create: { width: 64, height: 64, channels: 3, background: { r: 230, g: 20, b: 20 } } });
  const pixels = await corner(await red.toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer());
  expect(Math.abs((pixels[0] as number) - 230)).toBeLessThan(40);
  expect(pixels[1]).toBeLessThan(80);
});
