import { availableParallelism } from "node:os";
import sharp from "sharp";
import { BrokenImage } from "../broken-images.ts";
import { imageFormat } from "../decode.ts";
import type { Plan } from "../layouts/layout.ts";
import type { SampleBytes, Shape } from "../source.ts";

/** What a few images tell of all. */
export interface ImageFacts {
  readonly looked: number;
  /** [height, width, channels] as they are decoded, where all have the same. */
  readonly shape: Shape | null;
  /** Heights and widths of the smallest and the largest, by area. */
  readonly smallest: readonly [height: number, width: number] | null;
  readonly largest: readonly [height: number, width: number] | null;
  /** Of the shorter sides. */
  readonly medianSide: number;
  /** How many are of each format and mode: `JPEG, 8-bit RGB`. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Named as another format than they are. */
  readonly mislabeled: number;
  readonly broken: readonly { readonly file: string; readonly reason: string }[];
  /** Of an image's file, where it can be read from nowhere again, as out of a packed archive: a streamed data set keeps it. */
  readonly packedBytesEach: number;
  readonly secondsEach: { readonly read: number; readonly decode: number };
}

const looks = 64;
/** Seconds after which no further image is looked at. */
const patience = 2;

export async function lookAtImages(plan: Plan): Promise<ImageFacts> {
  const shapes: Shape[] = [];
  const kinds: Record<string, number> = {};
  const broken: { file: string; reason: string }[] = [];
  let [looked, mislabeled, packedBytes] = [0, 0, 0];
  const timed = { read: 0, decode: 0 }; // milliseconds, but of the first: opening an archive and the decoder is no image's
  const began = performance.now();
  let ready = began;
  for await (const sample of plan.some(looks)) {
    if (!sample.location) packedBytes += sample.bytes.length;
    const start = performance.now();
    const shape = await decoded(plan, sample, broken);
    if (looked++ > 0) {
      timed.read += start - ready;
      timed.decode += performance.now() - start;
    }
    if (shape) shapes.push(shape);
    const kind = await kindOf(sample);
    if (kind) kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (kind && isMislabeled(sample)) mislabeled++;
    ready = performance.now();
    if (ready - began > 1_000 * patience) break;
  }
  const byArea = shapes.toSorted((a, b) => a[0] * a[1] - b[0] * b[1]);
  const [first] = shapes;
  const isOne = first !== undefined && shapes.every((shape) => shape.every((extent, axis) => extent === first[axis]));
  const sides = shapes.map(([height, width]) => Math.min(height, width)).sort((a, b) => a - b);
  const each = Math.max(1, looked);
  return {
    looked,
    shape: isOne ? first : null,
    smallest: sizeOf(byArea.at(0)),
    largest: sizeOf(byArea.at(-1)),
    medianSide: sides[sides.length >> 1] ?? 0,
    kinds,
    mislabeled,
    broken,
    packedBytesEach: packedBytes / each,
    // Preparing decodes in four threads where there are as many cores.
    secondsEach: {
      read: timed.read / 1_000 / Math.max(1, looked - 1),
      decode: timed.decode / 1_000 / Math.max(1, looked - 1) / Math.min(4, availableParallelism()),
    },
  };
}

async function decoded(
  plan: Plan,
  sample: SampleBytes,
  broken: { file: string; reason: string }[],
): Promise<Shape | null> {
  try {
    return (await plan.decode(sample)).shape;
  } catch (error) {
    if (!(error instanceof BrokenImage)) throw error;
    broken.push({ file: error.file, reason: error.reason });
    return null;
  }
}

const sizeOf = (shape: Shape | undefined): [number, number] | null => (shape ? [shape[0], shape[1]] : null);

const bits: Readonly<Record<string, string>> = { uchar: "8-bit", ushort: "16-bit" };
const modes: Readonly<Record<string, string>> = {
  srgb: "RGB",
  "b-w": "gray",
  cmyk: "CMYK",
  rgb16: "RGB",
  grey16: "gray",
};

/** Null for pixels that lie as they are. */
async function kindOf({ bytes }: SampleBytes): Promise<string | null> {
  const format = imageFormat(bytes);
  if (format === null) return null;
  const facts = await sharp(bytes, { failOn: "none" })
    .metadata()
    .catch(() => null);
  if (!facts) return null;
  const { depth = "", space = "", hasAlpha, isPalette, orientation = 1 } = facts;
  const mode = `${bits[depth] ?? depth} ${modes[space] ?? space}${isPalette ? " of a palette" : ""}${hasAlpha ? " with alpha" : ""}`;
  return `${format.toUpperCase()}, ${mode}${orientation > 1 ? ", turned by EXIF (not followed)" : ""}`;
}

const extensions: Readonly<Record<string, RegExp>> = { jpeg: /\.(jpe?g|jpe)$/i, png: /\.png$/i, webp: /\.webp$/i };

function isMislabeled({ bytes, file }: SampleBytes): boolean {
  const format = imageFormat(bytes);
  const hasName = Object.values(extensions).some((pattern) => pattern.test(file));
  return format !== null && hasName && extensions[format]?.test(file) === false;
}
