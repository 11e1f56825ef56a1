import { createHash } from "node:crypto";
import { BrokenImage, requireFewBroken } from "./broken-images.ts";
import { forEachConcurrently } from "./concurrency.ts";
import { requireWhole } from "./decode.ts";
import { DatasetError } from "./errors.ts";
import { sha256 } from "./files.ts";
import { normalizationRule } from "./normalization.ts";
import {
  classOf,
  type DatasetSource,
  type Location,
  maxSamples,
  type Part,
  type Preprocessing,
  type SampleBytes,
  type Shape,
  streamedReading,
} from "./source.ts";
import { heldOutForValidation, type Split, splits, stratifiedOrder } from "./split.ts";

/** What a data set is: exactly these bytes under these names, with these classes and splits. */
export interface Manifest {
  readonly name: string;
  readonly inputShape: Shape;
  /** How images of other sizes are brought to `inputShape`; absent where all have it. */
  readonly preprocessing?: Preprocessing;
  /** Sorted by code unit; a sample's label is its class's place here. */
  readonly classes: readonly string[];
  /** Sorted by name, by code unit; of a streamed data set as they are stored. */
  readonly samples: readonly ManifestSample[];
  /** Images that were left out, for they cannot be decoded. Says nothing of what the data set is. */
  readonly broken?: readonly BrokenImage[];
}

export interface ManifestSample {
  readonly name: string;
  readonly label: number;
  readonly split: Split;
  readonly bytes: number;
  readonly sha256: string;
  /** Where the bytes can be read from again, if anywhere. Says nothing of what the data set is. */
  readonly location?: Location;
}

type Found = Omit<ManifestSample, "label" | "split">;

/** Images looked at while the next are read. */
const checksInFlight = 8;

/**
 * Reads a source once and describes it. The training part is split 9 : 1 into train and validation by hash of the
 * sample's name within each class; no seed takes part. Images that will be streamed are looked at as far as can be done
 * without decoding them; of others one is decoded. A few broken ones are left out.
 * @throws DatasetError on malformed data, duplicate names, a class without images in train, a part without any
 */
export async function manifest(source: DatasetSource): Promise<Manifest> {
  const { name, preprocessing } = source;
  const found: Found[] = [];
  const broken: BrokenImage[] = [];
  let inputShape: Promise<Shape | undefined> = Promise.resolve(undefined);
  const shapeOf = async (sample: SampleBytes, known: Promise<Shape | undefined>) =>
    (await known) ?? (await unlessBroken(source.decode(sample), broken))?.shape;
  await forEachConcurrently(source.samples(), checksInFlight, async (sample) => {
    const { bytes, location } = sample;
    if (found.length === maxSamples) {
      throw new DatasetError(`the data set has more than ${maxSamples} samples`, {
        file: sample.file,
        fix: "register a part of it",
      });
    }
    found.push({
      name: sample.name,
      bytes: bytes.byteLength,
      sha256: sha256(bytes),
      ...(location && { location }),
    });
    if (preprocessing?.streamed) await unlessBroken(requireWhole(sample), broken);
    inputShape = shapeOf(sample, inputShape);
    await inputShape;
  });
  const byName = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const repeated = byName.find(({ name }, index) => name === byName[index + 1]?.name);
  if (repeated) throw new DatasetError(`the sample ${repeated.name} occurs twice`, { file: name, fix: "remove one" });
  requireFewBroken(broken, found.length, source.maxBroken);
  const shape = await inputShape;
  if (!shape) throw new DatasetError("the data set holds no images", { file: name, fix: "add some or move it away" });
  const whole = { name, inputShape: shape, ...(preprocessing && { preprocessing }), classes: [], samples: [] };
  return withoutBroken({ ...whole, found: preprocessing?.streamed ? found : byName }, broken);
}

/** The data set without images that turned out to be broken: as if they had never been there. */
export function withoutBroken(
  { found, ...whole }: Manifest & { found?: readonly Found[] },
  broken: readonly BrokenImage[],
): Manifest {
  const left = new Set(broken.map(({ sample }) => sample));
  const kept = (found ?? whole.samples).filter(({ name }) => !left.has(name));
  const classes = [...new Set(kept.map(({ name }) => classOf(name)))].sort();
  const all = [...(whole.broken ?? []), ...broken];
  const samples = assignSplits(whole.name, classes, kept);
  return { ...whole, classes, samples, ...(all.length > 0 && { broken: all }) };
}

/** The result, or undefined for a broken image, which is noted. */
async function unlessBroken<T>(reading: Promise<T>, broken: BrokenImage[]): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof BrokenImage)) throw error;
    if (!broken.some(({ sample }) => sample === error.sample)) broken.push(error);
    return undefined;
  }
}

function assignSplits(dataset: string, classes: readonly string[], found: readonly Found[]) {
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const labeled = found.map((sample) => ({ ...sample, label: labelOf.get(classOf(sample.name)) ?? 0 }));
  const training = labeled.filter(({ name }) => name.startsWith("train/"));
  const bringsItsOwn = labeled.some(({ name }) => name.startsWith("validation/"));
  const validation = bringsItsOwn ? new Set<string>() : heldOut(training);
  const samples = labeled.map((sample): ManifestSample => {
    const part = sample.name.slice(0, sample.name.indexOf("/")) as Part;
    return { ...sample, split: validation.has(sample.name) ? "validation" : part };
  });
  requireEveryClass(dataset, classes, samples);
  return samples;
}

function heldOut(training: readonly { name: string; label: number }[]): ReadonlySet<string> {
  const isHeldOut = heldOutForValidation(
    training.map(({ name }) => name),
    training.map(({ label }) => label),
  );
  return new Set(training.filter((_, index) => isHeldOut[index]).map(({ name }) => name));
}

/** Of held-out parts some have images of a few classes only. */
function requireEveryClass(dataset: string, classes: readonly string[], samples: readonly ManifestSample[]): void {
  if (classes.length < 2)
    throw new DatasetError(`has ${classes.length} class`, { file: dataset, fix: "at least 2 are needed" });
  const trained = new Set(samples.filter(({ split }) => split === "train").map(({ label }) => label));
  const missing = classes.find((_, label) => !trained.has(label));
  if (missing !== undefined) {
    throw new DatasetError(`class ${missing} has no image in the train split`, {
      file: dataset,
      fix: "add some or remove the class",
    });
  }
  const empty = splits.find((split) => !samples.some((sample) => sample.split === split));
  if (empty !== undefined)
    throw new DatasetError(`holds no image for the ${empty} split`, { file: dataset, fix: "add some" });
}

/**
 * A smaller data set with its own version: of each split the stratified draw of so many samples, by hash of the name.
 * A smaller draw lies within a larger one.
 * @throws DatasetError when a split is asked for more samples than it has, or for fewer than one a class
 */
export function subset(whole: Manifest, sizes: Readonly<Record<Split, number>>): Manifest {
  const kept = splits.flatMap((split) => {
    const samples = whole.samples.filter((sample) => sample.split === split);
    const size = sizes[split];
    if (!Number.isInteger(size) || size < whole.classes.length || size > samples.length) {
      const bounds = `from ${whole.classes.length} (one a class) to ${samples.length}`;
      throw new DatasetError(`subset.${split} is ${size}`, {
        file: whole.name,
        fix: `it must be a whole number ${bounds}`,
      });
    }
    const order = stratifiedOrder(
      samples.map(({ name }) => name),
      samples.map(({ label }) => label),
      "subset",
    );
    return [...order.subarray(0, size)].map((index) => samples[index] as ManifestSample);
  });
  const drawn = new Set(kept);
  const samples = whole.samples.filter((sample) => drawn.has(sample));
  requireEveryClass(whole.name, whole.classes, samples);
  return { ...whole, samples };
}

/**
 * The dataset version: SHA-256 over everything that can change a number in training, in lines of JSON: the published
 * normalization if the name has one, preprocessing if there is one, how images are read if they are streamed, classes, and
 * each sample's name, split, size and content hash, in an order that decides in which one a streamed data set is visited.
 */
export function versionOf({ name, inputShape, preprocessing, classes, samples }: Manifest): string {
  const hash = createHash("sha256");
  const line = (value: unknown) => hash.update(`${JSON.stringify(value)}\n`);
  line({
    format: "reluctant-dataset/1",
    normalization: normalizationRule(name, preprocessing),
    inputShape,
    preprocessing,
    reading: preprocessing?.streamed && streamedReading, // absent where images are prepared
    classes,
  });
  for (const sample of samples) line([sample.name, sample.split, sample.bytes, sample.sha256]);
  return hash.digest("hex");
}

/** How many samples each split has. */
export function splitSizes({ samples }: Manifest): Record<Split, number> {
  const sizes = { train: 0, validation: 0, test: 0 };
  for (const { split } of samples) sizes[split]++;
  return sizes;
}
