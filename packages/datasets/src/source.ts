import { catalog } from "@reluctant/relu";
import { DatasetError } from "./errors.ts";

/**
 * Where samples come from. A source is read front to back, as often as needed; nothing of it is held in memory.
 * Sample names are `part/class/file`, with part `train` or `test` (or `validation`), whatever the archive or folder calls them.
 */
export interface DatasetSource {
  readonly name: string;
  /** Changes whenever the content may have; null where only reading everything can tell. */
  fingerprint(): Promise<string | null>;
  /** Every sample once, in the order in which they are stored. Throws DatasetError, naming file and offset, on anything malformed. */
  samples(): AsyncIterable<SampleBytes>;
  /** Set where `decode` brings images to one size. */
  readonly preprocessing?: Preprocessing;
  /** The share of images that may be broken, where it is not the usual one. */
  readonly maxBroken?: number;
  /** Set of a file that may well be none: where it is, nobody is told. */
  readonly isPerhapsNone?: true;
  /** Set where it was found broken: reading it throws what is wrong. */
  readonly unusable?: true;
  /** Pixels of one sample. */
  decode(sample: SampleBytes): Promise<Pixels>;
}

/** Brings images of any size to one: the short side becomes `resize` pixels, and the middle `crop` × `crop` are kept. */
export interface Preprocessing {
  readonly resize: number;
  readonly crop: number;
  /** The image files stay as they are and are decoded at each use: training can take resized crops of them. */
  readonly streamed?: true;
}

/**
 * How the images of streamed data sets are read: hashed into their versions, and raised by every change of their pixels. 1,
 * which was not written: by libvips. 2: JPEGs by libjpeg-turbo, and all scaled as by torchvision (`image-codec.ts`).
 */
export const streamedReading = 2;

export interface SampleBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where the bytes lie, for messages. */
  readonly file: string;
  readonly offset?: number;
  /** Where the bytes can be read from again; absent where they are packed, or no file's. */
  readonly location?: Location;
}

export interface Location {
  readonly file: string;
  readonly offset: number;
}

export interface Pixels {
  /** uint8, HWC. */
  readonly data: Uint8Array;
  readonly shape: Shape;
}

/** [height, width, channels] */
export type Shape = readonly [height: number, width: number, channels: number];

/** An encoded image larger than this is refused before memory is allocated for it. */
export const maxSampleBytes = 64 * 2 ** 20;
/** Four times ImageNet-1k. Bounds what a hostile archive can make the manifest grow to. */
export const maxSamples = 5_000_000;

const partOf = catalog<Record<string, "train" | "test">>({ train: "train", val: "test", test: "test" });
/** Where a sample stands by its name; `validation` only where a data set is told to take its own, and not to split it off. */
export type Part = "train" | "validation" | "test";

/**
 * The sample name of a path inside a data set, or undefined for files that begin with a dot (`.DS_Store`, `._x.jpg`).
 * A held-out `val` folder is the test part, as with CIFAR and ImageNet, whose true test labels are not public: the
 * validation part is always split off the training part (method.md §7).
 * @throws DatasetError when the path escapes the data set or is not `train|val|test/class/name.jpg|jpeg|png`
 */
export function sampleName(path: string, at: { file: string; offset?: number }): string | undefined {
  const steps = requirePlainPath(path, at).split("/");
  const [folder, label, file] = steps;
  if (steps.at(-1)?.startsWith(".")) return undefined;
  const part = partOf[folder ?? ""];
  if (steps.length !== 3 || part === undefined || !/\.(jpe?g|png)$/i.test(file ?? "")) {
    throw refused(path, "does not fit the layout train|val|test/class/name.jpg|jpeg|png", at, "move it away");
  }
  return `${part}/${label}/${file}`;
}

/** The path without a leading `./`. @throws DatasetError when it escapes the data set or cannot be printed */
export function requirePlainPath(path: string, at: { file: string; offset?: number }): string {
  if (path.length > 1024) throw refused(path, "is longer than 1,024 characters", at, "shorten it");
  const plain = path.replace(/^\.\//, "");
  const strange = plain.split("/").some((step) => step === "" || step === "." || step === "..");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (strange || /[\\\u0000-\u001f\u007f]/.test(path)) {
    const fix = "absolute paths, `..` and control characters are refused: rename it";
    throw refused(path, "is not a plain relative path", at, fix);
  }
  return plain;
}

const refused = (path: string, problem: string, at: { file: string; offset?: number }, fix: string): DatasetError =>
  new DatasetError(`${JSON.stringify(path.slice(0, 200))} ${problem}`, { ...at, fix });

/** The class of a sample name. */
export const classOf = (name: string): string => name.split("/")[1] ?? "";
