import sharp from "sharp";
import { BrokenImage } from "../broken-images.ts";
import type { Plan } from "../layouts/layout.ts";
import { classOf, type Pixels } from "../source.ts";

/** A picture of a data set: a row of images for each class. */
export interface ContactSheet {
  readonly png: Uint8Array;
  /** Of the rows, from the top. */
  readonly classes: readonly string[];
}

const most = { classes: 24, ofEach: 12 } as const;
/** Pixels of an image on the sheet, and between two. */
const [side, gap] = [64, 4];
/** Images looked at for one that is shown, before all are gone through. */
const looksEach = 4;
/** Milliseconds after which rows stay as they are. */
const patienceMs = 8_000;

/** The first classes by name, with some images of each, as far as they are met among those looked at. */
export async function contactSheet(plan: Plan): Promise<ContactSheet> {
  const { classes } = await plan.count();
  const shown = [...classes.keys()].sort().slice(0, most.classes);
  const filled = shown.map(() => 0);
  const tiles: Awaited<ReturnType<typeof placed>>[] = [];
  const placedNames = new Set<string>();
  const until = performance.now() + patienceMs;
  for await (const sample of inTurn(plan, classes.size * most.ofEach * looksEach)) {
    if (performance.now() > until) break;
    const row = shown.indexOf(classOf(sample.name));
    const column = filled[row] ?? most.ofEach;
    if (column === most.ofEach || placedNames.has(sample.name)) continue;
    const pixels = await plan.decode(sample).catch((error: unknown) => {
      if (error instanceof BrokenImage) return null;
      throw error;
    });
    if (!pixels) continue;
    tiles.push(await placed(pixels, row, column)); // a tile is held, where an image may have megabytes
    filled[row] = column + 1;
    placedNames.add(sample.name);
    if (filled.every((count) => count === most.ofEach)) break;
  }
  const sheet = sharp({
    create: {
      width: gap + most.ofEach * (side + gap),
      height: gap + Math.max(1, shown.length) * (side + gap),
      channels: 3,
      background: "white",
    },
  });
  return {
    png: await sheet.composite(tiles).png().toBuffer(),
    classes: shown,
  };
}

/** Some, then all: the first of an archive whose images are sorted by class are of one class. */
async function* inTurn(plan: Plan, some: number) {
  yield* plan.some(some);
  yield* plan.samples();
}

async function placed({ data, shape: [height, width, channels] }: Pixels, row: number, column: number) {
  const kernel = Math.min(height, width) < side ? "nearest" : "lanczos3"; // small ones are shown as they are
  const input = await sharp(data, { raw: { height, width, channels: channels as 3 } })
    .resize(side, side, { fit: "cover", kernel })
    .png()
    .toBuffer();
  return { input, left: gap + column * (side + gap), top: gap + row * (side + gap) };
}
