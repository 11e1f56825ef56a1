/** Contact sheets: rows of images, one for each class. */
import sharp, { type Sharp } from "sharp";
import type { Pixels } from "./source.ts";

export const sheetSize = {
  classes: 24,
  ofEach: 12,
  /** Pixels of an image's side, between two, and of the names beside. */
  side: 64,
  gap: 4,
  names: 160,
} as const;

const { ofEach, side, gap, names: nameWidth } = sheetSize;

/** An image as it is shown: of one size, small ones with their pixels to be seen. */
export async function tileOf({ data, shape: [height, width, channels] }: Pixels): Promise<Pixels> {
  const kernel = Math.min(height, width) < side ? "nearest" : "lanczos3";
  const tile = await sharp(data, { raw: { height, width, channels: channels as 3 } })
    .resize(side, side, { fit: "cover", kernel })
    .toColorspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer();
  return { data: tile, shape: [side, side, 3] };
}

/** @param rows of tiles, from the top */
export async function sheetOf(rows: readonly (readonly Pixels[])[]): Promise<Sharp> {
  const tiles = rows.flatMap((tiles, row) =>
    tiles.map(({ data }, column) => ({
      input: Buffer.from(data),
      raw: { width: side, height: side, channels: 3 as const },
      left: gap + column * (side + gap),
      top: gap + row * (side + gap),
    })),
  );
  const sheet = sharp({
    create: {
      width: gap + ofEach * (side + gap),
      height: gap + Math.max(1, rows.length) * (side + gap),
      channels: 4,
      background: { r: 0, g: 0, b: 0, alpha: 0 }, // it stands on light and on dark
    },
  });
  return sharp(await sheet.composite(tiles).png().toBuffer());
}

/** The sheet as PNG, with the name of each row before it. */
export async function withNames(sheet: Sharp, names: readonly string[]): Promise<Uint8Array> {
  const drawn = await Promise.all(
    names.map(async (name, row) => {
      const label = await nameOf(name);
      const top = gap + row * (side + gap) + Math.floor((side - label.height) / 2);
      return { input: label.png, left: 2 * gap, top };
    }),
  );
  const onWhite = await sheet.flatten({ background: "white" }).png().toBuffer();
  const widened = await sharp(onWhite).extend({ left: nameWidth, background: "white" }).png().toBuffer();
  return sharp(widened).composite(drawn).png().toBuffer();
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** A name in the system's sans serif, which has the scripts that are installed; a long one in several lines, as far as they fit. */
async function nameOf(name: string): Promise<{ png: Buffer; height: number }> {
  const text = name.replace(/[&<>]/g, (sign) => escapes[sign] as string);
  const drawn = await sharp({ text: { text, font: "sans 9", dpi: 96, width: nameWidth - 3 * gap, wrap: "word-char" } })
    .negate() // white on black, as it is drawn
    .png()
    .toBuffer({ resolveWithObject: true });
  const { width } = drawn.info;
  const height = Math.min(side, drawn.info.height);
  return { png: await sharp(drawn.data).extract({ left: 0, top: 0, width, height }).png().toBuffer(), height };
}
