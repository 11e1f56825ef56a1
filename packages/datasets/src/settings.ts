import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { catalog, centerCrop } from "@reluctant/relu";
import sharp from "sharp";
import { scaledRegion } from "./decode.ts";
import { DatasetError, reason, unreadable } from "./errors.ts";
import type { PlanChoices } from "./layouts/layout.ts";
import { type DatasetSource, type Pixels, type Preprocessing, streamedReading } from "./source.ts";

/** What people say of a data set beside it, in `NAME.preprocess.json`. */
export interface DatasetSettings extends PlanChoices {
  readonly preprocessing?: Preprocessing | undefined;
  /** The share of images that may be broken: they are left out then. */
  readonly maxBroken?: number | undefined;
}

/**
 * The literature's way with test images, by name of the data set (method.md §7). Training images go the same way, unless
 * the data set is streamed and the recipe asks for resized crops.
 */
const published = catalog<Record<string, Preprocessing>>({ imagenet: { resize: 256, crop: 224, streamed: true } });

/** The source as its settings have it; its version tells what they change of it. */
export function withSettings(
  source: DatasetSource,
  { preprocessing, validation, maxBroken }: DatasetSettings,
): DatasetSource {
  const sized = preprocessing ? preprocessed(source, preprocessing) : source;
  return {
    ...sized,
    ...(maxBroken !== undefined && { maxBroken }),
    fingerprint: async () => {
      const fingerprint = await sized.fingerprint();
      const more = { validation, maxBroken };
      return fingerprint && (validation || maxBroken !== undefined) ? JSON.stringify([fingerprint, more]) : fingerprint;
    },
  };
}

/** The source with every image brought to one size; its version tells so. */
const preprocessed = (source: DatasetSource, preprocessing: Preprocessing): DatasetSource => ({
  ...source,
  preprocessing,
  fingerprint: async () => {
    const fingerprint = await source.fingerprint();
    return (
      fingerprint && JSON.stringify([fingerprint, preprocessing, ...(preprocessing.streamed ? [streamedReading] : [])])
    );
  },
  decode: async (sample) => resizedAndCropped(await source.decode(sample), preprocessing),
});

const expected =
  'must be {"resize": R, "crop": C}, whole numbers of pixels with 1 ≤ C ≤ R ≤ 4096, and perhaps "streamed": true; and perhaps "validation": "val", and "maxBroken", a share of images below 1';

/**
 * What `NAME.preprocess.json` in the folder asks for (`{"resize": 73, "crop": 64}`, perhaps with `"streamed": true`,
 * `"validation": "val"` and `"maxBroken": 0.05`), else what is published for the name.
 * @param names what lies in the folder
 * @throws DatasetError when the file is not such an object
 */
export async function settingsOf(folder: string, names: readonly string[], name: string): Promise<DatasetSettings> {
  if (!names.includes(`${name}.preprocess.json`)) return { preprocessing: published[name] };
  const file = join(folder, `${name}.preprocess.json`);
  const text = await readFile(file, "utf8").catch((cause) => {
    throw unreadable(file, cause, "put it back");
  });
  const given = parsed(text, file);
  const { resize, crop, streamed = false, validation, maxBroken, ...others } = given;
  const isSized = resize !== undefined || crop !== undefined || "streamed" in given;
  const isWell =
    Object.keys(given).length > 0 &&
    Object.keys(others).length === 0 &&
    (!isSized || (isSide(resize) && isSide(crop) && crop <= resize && typeof streamed === "boolean")) &&
    (validation === undefined || validation === "val") &&
    (maxBroken === undefined || (typeof maxBroken === "number" && maxBroken >= 0 && maxBroken < 1));
  if (!isWell) throw new DatasetError(expected, { file, fix: "correct the file or remove it" });
  const asked: Preprocessing | undefined = isSized
    ? { resize: resize as number, crop: crop as number, ...(streamed === true && { streamed: true as const }) }
    : published[name];
  return {
    preprocessing: asked,
    validation: validation as "val" | undefined,
    maxBroken: maxBroken as number | undefined,
  };
}

const isSide = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 4096;

function parsed(text: string, file: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch (cause) {
    throw new DatasetError(`is not JSON (${reason(cause)})`, { file, fix: "correct the file or remove it", cause });
  }
}

/**
 * Cuts the middle out before it scales, so that an elongated image never unfolds to its full resized length. Preparing
 * takes two cores 4 ms for a JPEG of 500×375.
 */
async function resizedAndCropped({ data, shape }: Pixels, { resize, crop }: Preprocessing): Promise<Pixels> {
  const [height, width, channels] = shape;
  const image = sharp(data, { raw: { height, width, channels: channels as 3 } });
  const scaled = await scaledRegion(image, centerCrop({ height, width }, { resize, crop }), crop).raw().toBuffer();
  return { data: scaled, shape: [crop, crop, channels] };
}
