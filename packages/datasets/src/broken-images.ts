import { DatasetError } from "./errors.ts";
import type { SampleBytes } from "./source.ts";

/** An image that cannot be decoded: one of a few is left out, where others would end the reading. */
export class BrokenImage extends DatasetError {
  /** Of the sample. */
  readonly sample: string;

  constructor(problem: string, { name, file, offset }: Omit<SampleBytes, "bytes">, cause?: unknown) {
    super(problem, { file, fix: "replace or remove it", cause, ...(offset !== undefined && { offset }) });
    this.sample = name;
  }
}

/** Images of a manifest that turned out to be broken: the data set is the others. */
export class BrokenImages extends Error {
  override readonly name = "BrokenImages";
  readonly broken: readonly BrokenImage[];

  constructor(broken: readonly BrokenImage[]) {
    super(`${broken.length} images cannot be read`);
    this.broken = broken;
  }
}

/** The share of images that may be broken, unless `NAME.preprocess.json` says another as `maxBroken`. */
const usual = 0.01;

/** @throws DatasetError naming the first, where they are more than the share of all that is allowed */
export function requireFewBroken(broken: readonly BrokenImage[], all: number, maxBroken = usual): void {
  const [first] = broken;
  if (!first || broken.length <= maxBroken * all) return;
  const { problem, file, offset, fix, cause } = first;
  const more = `(${broken.length} of ${all} images are, more than ${100 * maxBroken} %)`;
  throw new DatasetError(`${problem} ${more}`, { file, offset, fix, cause });
}
