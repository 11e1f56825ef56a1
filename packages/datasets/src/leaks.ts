import type { ManifestSample } from "./manifest.ts";
import type { Split } from "./split.ts";

/** Images whose bytes lie in two splits: what was trained on is tested. */
export interface Duplicates {
  readonly between: readonly [Split, Split];
  readonly images: number;
  /** A few, each with its names in both. */
  readonly examples: readonly (readonly [string, string])[];
}

const examplesAtMost = 5;

const pairs = [
  ["train", "test"],
  ["train", "validation"],
  ["validation", "test"],
] as const;

/** Pairs of splits that share images; none where no image occurs in two. */
export function duplicatesBetweenSplits(samples: readonly ManifestSample[]): Duplicates[] {
  const bySplit = new Map<string, Map<Split, string>>();
  for (const { name, split, sha256 } of samples) {
    const known = bySplit.get(sha256) ?? new Map<Split, string>();
    if (!known.has(split)) known.set(split, name);
    bySplit.set(sha256, known);
  }
  const found = pairs.map((between): Duplicates => {
    const shared = [...bySplit.values()].filter((names) => between.every((split) => names.has(split)));
    const examples = shared
      .slice(0, examplesAtMost)
      .map((names) => [names.get(between[0]) as string, names.get(between[1]) as string] as const);
    return { between, images: shared.length, examples };
  });
  return found.filter(({ images }) => images > 0);
}
