/** What is prepared of an image file is what Pillow's `convert("RGB")` gives of it, whatever its mode. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../packages/datasets/src/decode.ts";
import { noPyTorch, python } from "../python.ts";
import { skipFor } from "../skip-for.ts";

interface Described {
  file: string;
  size: [width: number, height: number];
  rgb: string;
}

const described = async (): Promise<Record<string, Described>> => {
  const script = join(import.meta.dirname, "image_modes.py");
  const { stdout } = await promisify(execFile)(python, [script], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout);
};

/** 0 where nothing was lost; the decoders of JPEG and WebP round their colors each in its own way. */
const withinOf = (name: string): number => (name.startsWith("JPEG") || name === "WebP RGB" ? 2 : 0);

const decoded = (bytes: Uint8Array) => decodeImage({ name: "", file: "image", bytes });

describe("decoded images", () => {
  it("are Pillow's, of every 8-bit mode", skipFor(noPyTorch), async () => {
    const modes = Object.entries(await described());
    expect(modes.length).toBeGreaterThan(15);
    const off: Record<string, number> = {};
    for (const [name, { file, size, rgb }] of modes) {
      const { data, shape } = await decoded(Buffer.from(file, "base64"));
      expect([name, ...shape]).toEqual([name, size[1], size[0], 3]);
      const theirs = Buffer.from(rgb, "base64");
      const most = data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (theirs[i] as number))), 0);
      if (most > withinOf(name)) off[name] = most;
    }
    expect(off).toEqual({});
  });

  it("of 16 bits keep the upper 8", async () => {
    const values = Uint16Array.from({ length: 3 * 256 }, (_, i) => 257 * (i % 256));
    const deep = await sharp(values, { raw: { width: 16, height: 16, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    const { data } = await decoded(deep);
    expect([...data]).toEqual([...values].map((value) => value >> 8));
  });

  it("of four colors are converted: white stays white, and cyan is what a press makes of it", async () => {
    const image = (r: number, g: number, b: number) =>
      sharp({ create: { width: 16, height: 16, channels: 3, background: { r, g, b } } })
        .toColourspace("cmyk")
        .jpeg({ quality: 100 })
        .toBuffer();
    const white = (await decoded(await image(255, 255, 255))).data;
    expect(Math.min(...white)).toBeGreaterThan(250);
    const [r = 255, g = 0, b = 0] = (await decoded(await image(0, 160, 230))).data;
    expect(r).toBeLessThan(80);
    expect(b).toBeGreaterThan(g);
  });
});
