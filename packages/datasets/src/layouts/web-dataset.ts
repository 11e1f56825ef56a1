import { basename } from "node:path";
import { decodeImage } from "../decode.ts";
import { DatasetError } from "../errors.ts";
import type { Part, SampleBytes } from "../source.ts";
import { archiveEntries, passOver } from "../tree/archive.ts";
import type { FileTree } from "../tree/file-tree.ts";
import { first, type Layout, PassedOver, type Plan, type PlanChoices, TallyCount } from "./layout.ts";
import { partsOf, type SplitName, splitNameOf, valLeftOut } from "./parts.ts";
import { type Labeled, labeledImages, memberOf } from "./web-dataset-pairs.ts";

const packed = String.raw`\.(?:tar|tar\.gz|tgz|tar\.zst)`;

/** What a shard's file name says: `NAME-train-000000.tar`, `train_0001.tar.zst`, or, in a folder of the part, `00000.tar`. */
export interface Shard {
  readonly dataset: string;
  readonly split: SplitName;
  readonly number: number;
  readonly path: string;
}

/** Null when a file is not named like a shard. @param folder of a part, where it lies in one */
export function shardOf(path: string, folder = ""): Shard | null {
  const [, stem, number] = new RegExp(`^(.*?)[-_]?(\\d{1,9})${packed}$`).exec(basename(path)) ?? [];
  if (stem === undefined) return null;
  const last = stem.split(/[-_]/).at(-1) ?? "";
  const own = splitNameOf(last);
  const split = own ?? splitNameOf(folder);
  if (split === null) return null;
  const dataset = own ? stem.slice(0, stem.length - last.length).replace(/[-_]$/, "") : stem;
  return { dataset, split, number: Number(number), path };
}

/**
 * WebDataset's shards: tar archives, packed or not, with an image `KEY.jpg|jpeg|png|webp` and its label `KEY.cls`, or a label
 * in `KEY.json` or `KEY.txt`, side by side. Whole numbers from 0 on, without a gap, are called by five digits, so that classes
 * sort as they count; labels of `.json` and `.txt` may be names of classes. Other extensions are passed over.
 * Plans throw DatasetError, naming shard and offset: a missing shard, a key without image or label, a label that is none or
 * that the train shards do not have, a truncated archive.
 */
export const webDataset: Layout = {
  title: "WebDataset shards NAME-train-000000.tar … with NAME-val-000000.tar …",
  async detect(tree) {
    const shards = await shardsOf(tree);
    if (shards.length === 0) return null;
    if ((await tree.local((shards[0] as Shard).path)) === null)
      return { lacks: "a folder of its own: shards in an archive are not read" };
    return { plan: async (choices) => planShards(tree, shards, choices) };
  },
};

async function shardsOf(tree: FileTree): Promise<Shard[]> {
  const found: Shard[] = [];
  for (const { name, kind } of await tree.list("")) {
    const shard = kind === "file" ? shardOf(name) : null;
    if (shard) found.push(shard);
    if (kind !== "folder" || splitNameOf(name) === null) continue;
    for (const entry of await tree.list(name)) {
      const inside = entry.kind === "file" ? shardOf(`${name}/${entry.name}`, name) : null;
      if (inside) found.push(inside);
    }
  }
  return found;
}

function planShards(tree: FileTree, shards: readonly Shard[], { validation }: PlanChoices): Plan {
  const passed = new PassedOver();
  const sequences = new Map<Part, readonly Shard[]>();
  const start = shards.some(({ number }) => number === 0) ? 0 : 1;
  const splits = new Set(shards.map(({ split }) => split));
  for (const [split, part] of partsOf(splits, validation, { root: tree.root, of: "shards" })) {
    const own = sequence(tree, shards, { split, start });
    if (part === null) for (const { path } of own) passed.add(path, valLeftOut);
    else sequences.set(part, own);
  }
  const samples = () => labeledSamples(tree, sequences);
  return {
    leftOut: passed.list,
    samples,
    some: (count) => first(samples(), count),
    decode: decodeImage,
    count: () => tallyOf(tree, sequences),
  };
}

/** The shards of a part in their order, which must count without a gap: from 0, or all parts from 1. */
function sequence(
  tree: FileTree,
  shards: readonly Shard[],
  { split, start }: { split: SplitName; start: 0 | 1 },
): Shard[] {
  const own = shards.filter((shard) => shard.split === split).sort((a, b) => a.number - b.number);
  const gap = own.findIndex(({ number }, index) => number !== start + index);
  if (gap >= 0) {
    throw new DatasetError(`stands where number ${start + gap} is expected`, {
      file: tree.place((own[gap] as Shard).path),
      fix: "a shard is missing or there twice",
    });
  }
  return own;
}

async function* labeledSamples(
  tree: FileTree,
  sequences: ReadonlyMap<Part, readonly Shard[]>,
): AsyncGenerator<SampleBytes> {
  const labels = new Set<string>();
  for (const [part, shards] of sequences) {
    for (const { path } of shards) {
      for await (const { label, key, image } of labeledIn(tree, path)) {
        if (part === "train") labels.add(label);
        else if (!labels.has(label)) throw unknownLabel(label, labels, image);
        yield { ...image, name: `${part}/${label}/${key}` };
      }
    }
    if (part === "train") requireNoGap(tree.root, labels);
  }
}

async function* labeledIn(tree: FileTree, path: string): AsyncGenerator<Labeled> {
  const file = (await tree.local(path)) as string;
  yield* labeledImages(archiveEntries(file, memberOf, passOver), file);
}

function unknownLabel(
  label: string,
  known: ReadonlySet<string>,
  { file, offset }: Pick<SampleBytes, "file" | "offset">,
) {
  const isNumber = /^\d+$/.test(label);
  const fix = isNumber ? `the train shards' go from 0 to ${known.size - 1}` : "the train shards have no such class";
  return new DatasetError(`has label ${isNumber ? Number(label) : JSON.stringify(label)}`, { file, offset, fix });
}

/** Numbers without a gap; names are what they are. */
function requireNoGap(root: string, labels: ReadonlySet<string>): void {
  if (labels.size === 0) throw new DatasetError("the train shards hold no images", { file: root, fix: "add some" });
  const numbers = [...labels].filter((label) => /^\d+$/.test(label)).map(Number);
  if (numbers.length === 0) return;
  if (numbers.length < labels.size)
    throw new DatasetError("some labels are numbers, and some are names", { file: root, fix: "label all in one way" });
  const known = new Set(numbers);
  for (let label = 0; label < numbers.length; label++) {
    if (!known.has(label)) {
      const most = numbers.reduce((a, b) => Math.max(a, b), 0);
      throw new DatasetError(`no train image has label ${label}, but labels go to ${most}`, {
        file: root,
        fix: "labels count from 0 without a gap: add images or number them anew",
      });
    }
  }
}

/** Milliseconds for which the shards of a part are counted; beyond them the rest is taken to be like these. */
const countFor = 1_500;

/** Reads shards for a while, and answers for the rest of them by their bytes. */
async function tallyOf(tree: FileTree, sequences: ReadonlyMap<Part, readonly Shard[]>) {
  const classes = new Map<string, { train: number; validation: number; test: number }>();
  let share = 1;
  for (const [part, shards] of sequences) {
    const sizes = await Promise.all(shards.map(({ path }) => tree.size(path)));
    const counted = await countedIn(tree, part, shards, sizes);
    for (const [label, counts] of counted.tally.classes) {
      const known = classes.get(label) ?? { train: 0, validation: 0, test: 0 };
      known[part] = Math.round(counts[part] / counted.share);
      classes.set(label, known);
    }
    share = Math.min(share, counted.share);
  }
  return { classes, share };
}

async function countedIn(tree: FileTree, part: Part, shards: readonly Shard[], sizes: readonly number[]) {
  const tally = new TallyCount();
  const deadline = performance.now() + countFor;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let read = 0;
  for (const [index, { path }] of shards.entries()) {
    let inThis = 0;
    for await (const { label, image } of labeledIn(tree, path)) {
      tally.add(part, label);
      inThis = image.offset ?? 0;
      if (performance.now() > deadline && inThis > 0) return { tally, share: Math.min(1, (read + inThis) / total) };
    }
    read += sizes[index] as number;
  }
  return { tally, share: 1 };
}
