import { BrokenImage, requireFewBroken } from "../broken-images.ts";
import { forEachConcurrently } from "../concurrency.ts";
import { type Duplicates, duplicatesBetweenSplits } from "../leaks.ts";
import { type Manifest, manifest, versionOf, withoutBroken } from "../manifest.ts";
import { observed } from "../progress.ts";
import type { DatasetSource } from "../source.ts";

/** What reading every image tells. */
export interface DeepLook {
  /** As it will be prepared: without the broken images. */
  readonly version: string;
  /** Images whose bytes lie in two splits: what was trained on is tested. */
  readonly duplicates: readonly Duplicates[];
  /** Images that are left out: they cannot be decoded, or, where they stay as they are, are no whole files. */
  readonly broken: readonly { readonly file: string; readonly reason: string }[];
}

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
  return {
    version: versionOf(described),
    duplicates: duplicatesBetweenSplits(described.samples),
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
