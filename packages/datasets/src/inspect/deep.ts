import { BrokenImage, requireFewBroken } from "../broken-images.ts";
import { forEachConcurrently } from "../concurrency.ts";
import { type Manifest, manifest, versionOf, withoutBroken } from "../manifest.ts";
import { observed } from "../progress.ts";
import type { DatasetSource } from "../source.ts";
import type { Split } from "../split.ts";

/** What reading every image tells. */
export interface DeepLook {
  /** As it will be prepared: without the broken images. */
  readonly version: string;
  /** Images whose bytes lie in two splits: what was trained on is tested. */
  readonly duplicates: readonly Duplicates[];
  /** Images that are left out: they cannot be decoded, or, where they stay as they are, are no whole files. */
  readonly broken: readonly { readonly file: string; readonly reason: string }[];
}

export interface Duplicates {
  readonly between: readonly [Split, Split];
  readonly images: number;
  /** A few, each with its names in both. */
  readonly examples: readonly (readonly [string, string])[];
}

const examplesAtMost = 5;

/** Told how many images were read, and then, where all are, how many were decoded. */
export interface DeepProgress {
  onRead(images: number): void;
  onDecoded(images: number): void;
}

/** @throws DatasetError as `manifest`, and where more images are broken than may be */
export async function lookDeep(source: DatasetSource, { onRead, onDecoded }: DeepProgress): Promise<DeepLook> {
  const read = await manifest(observed(source, undefined, onRead));
  const described = source.preprocessing?.streamed
    ? read
    : withoutBroken(read, await undecodable(source, read, onDecoded));
  const bySplit = new Map<string, Map<Split, string>>();
  for (const { name, split, sha256 } of described.samples) {
    const known = bySplit.get(sha256) ?? new Map<Split, string>();
    if (!known.has(split)) known.set(split, name);
    bySplit.set(sha256, known);
  }
  const pairs = [
    ["train", "test"],
    ["train", "validation"],
    ["validation", "test"],
  ] as const;
  const duplicates = pairs.map((between): Duplicates => {
    const shared = [...bySplit.values()].filter((names) => between.every((split) => names.has(split)));
    const examples = shared
      .slice(0, examplesAtMost)
      .map((names) => [names.get(between[0]) as string, names.get(between[1]) as string] as const);
    return { between, images: shared.length, examples };
  });
  return {
    version: versionOf(described),
    duplicates: duplicates.filter(({ images }) => images > 0),
    broken: (described.broken ?? []).map(({ file, reason }) => ({ file, reason })),
  };
}

/** Images decoded at a time, as they are prepared. */
const decodesInFlight = 8;

/** Those of a manifest that cannot be decoded. */
async function undecodable(
  source: DatasetSource,
  { samples, broken: known = [] }: Manifest,
  onDecoded: DeepProgress["onDecoded"],
): Promise<BrokenImage[]> {
  const wanted = new Set(samples.map(({ name }) => name));
  const broken: BrokenImage[] = [];
  let done = 0;
  await forEachConcurrently(source.samples(), decodesInFlight, async (sample) => {
    if (!wanted.has(sample.name)) return;
    await source.decode(sample).catch((error: unknown) => {
      if (!(error instanceof BrokenImage)) throw error;
      broken.push(error);
      requireFewBroken([...broken, ...known], samples.length + known.length, source.maxBroken);
    });
    onDecoded(++done);
  });
  return broken;
}
