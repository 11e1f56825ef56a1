import { manifest, versionOf } from "../manifest.ts";
import { observed } from "../progress.ts";
import type { DatasetSource } from "../source.ts";
import type { Split } from "../split.ts";

/** What reading every image tells. */
export interface DeepLook {
  readonly version: string;
  /** Images whose bytes lie in two splits, or under two classes: what was trained on is tested. */
  readonly duplicates: readonly Duplicates[];
  /** Images that were found broken. */
  readonly broken: readonly { readonly file: string; readonly reason: string }[];
}

export interface Duplicates {
  readonly between: readonly [Split, Split];
  readonly images: number;
  /** A few, each with its names in both. */
  readonly examples: readonly (readonly [string, string])[];
}

const examplesAtMost = 5;

/** @param onRead is told how many images were read */
export async function lookDeep(source: DatasetSource, onRead: (images: number) => void): Promise<DeepLook> {
  const described = await manifest(observed(source, undefined, onRead));
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
