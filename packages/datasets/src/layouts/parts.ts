import { DatasetError } from "../errors.ts";
import type { Part } from "../source.ts";

/** What a folder or file of a data set is for, by its name. */
export type SplitName = "train" | "val" | "test";

const words: readonly (readonly [RegExp, SplitName])[] = [
  [/^train(ing)?$/, "train"],
  [/^(val|valid|validation|dev)$/, "val"],
  [/^test(ing)?$/, "test"],
];

/**
 * `train`, `Val`, `01_train`, `valid-set`, `train2017`, `test_images`: a word for a part, numbered before or behind, and
 * perhaps with a word that says nothing.
 */
export function splitNameOf(name: string): SplitName | null {
  const [, word] =
    /^(?:\d+[-_. ]*)?([a-z]+?)(?:[-_ ]?(?:set|data|images?))?(?:[-_ ]?\d+)?$/.exec(name.toLowerCase()) ?? [];
  return words.find(([pattern]) => pattern.test(word ?? ""))?.[1] ?? null;
}

/** The first of some steps of a name that says a part. */
export const splitNameIn = (steps: readonly string[]): SplitName | null =>
  steps.map(splitNameOf).find((split) => split !== null) ?? null;

/**
 * Which part each split becomes, null for one that is left out: `test` is the test part where its images have labels, else
 * `val`. Where both have, `val` is left out, for validation is split off train, unless it is said to be `val`.
 * @param splits those with labels
 * @param at for messages: where they lie, and what each part is made of, as `shards`
 * @throws DatasetError where there is no train part, or none to test on
 */
export function partsOf(
  splits: ReadonlySet<SplitName>,
  validation: "val" | undefined,
  { root, of }: { root: string; of: string },
): ReadonlyMap<SplitName, Part | null> {
  if (!splits.has("train")) throw new DatasetError(`has no train ${of}`, { file: root, fix: "add them" });
  if (!splits.has("test") && !splits.has("val"))
    throw new DatasetError(`has no val, validation or test ${of}`, { file: root, fix: "add them" });
  if (validation === "val" && splits.size < 3)
    throw new DatasetError("is to take val for validation, and has not both val and test with labels", {
      file: root,
      fix: 'remove "validation" from its preprocess.json: val is the test part then',
    });
  const ofVal = splits.has("test") ? (validation === "val" ? "validation" : null) : "test";
  const parts = { train: "train", val: ofVal, test: "test" } as const;
  // In the order in which they are read: what train holds is known to the others.
  return new Map(
    (["train", "val", "test"] as const).filter((split) => splits.has(split)).map((split) => [split, parts[split]]),
  );
}

/** Of a `val` that is left out. */
export const valLeftOut =
  'val is left out: test is the test part, and validation is split off train; {"validation": "val"} in NAME.preprocess.json takes val as it is';
