import { basename, join } from "node:path";
import { archiveEntries, type Entry } from "./archive.ts";
import { decodeImage } from "./decode.ts";
import { DatasetError } from "./errors.ts";
import { fingerprintOf } from "./files.ts";
import { type DatasetSource, type Part, requirePlainPath, type SampleBytes } from "./source.ts";

/** What a shard's file name says: `NAME-train-000000.tar`, gzipped or not. */
export interface Shard {
  dataset: string;
  part: Part;
  number: number;
  file: string;
}

const heldOutParts = ["val", "validation", "test"];

/** Null when a file is not named like a shard. */
export function shardOf(folder: string, file: string): Shard | null {
  const [, dataset, part, number] =
    /^([A-Za-z0-9][\w.-]{0,63})-(train|val|validation|test)-(\d{1,9})\.tar(?:\.gz)?$/.exec(file) ?? [];
  if (dataset === undefined || part === undefined) return null;
  return {
    dataset,
    part: heldOutParts.includes(part) ? "test" : "train",
    number: Number(number),
    file: join(folder, file),
  };
}

/**
 * A data set in WebDataset shards: tar archives with an image `KEY.jpg|jpeg|png` and its label `KEY.cls` side by side.
 * Labels are whole numbers from 0 on, without a gap; a class is called by its label in five digits, so that classes
 * sort as their labels count. Other extensions are passed over.
 * @throws DatasetError in `samples`, naming shard and offset: a missing shard, a key without image or label, a label
 *   that is no number or that the train shards do not have, a truncated archive
 */
export const webDatasetSource = (name: string, shards: readonly Shard[]): DatasetSource => ({
  name,
  fingerprint: () =>
    fingerprintOf(
      name,
      shards.map(({ file }) => file),
    ),
  async *samples() {
    const labels = new Set<number>();
    for (const shard of sequence(name, shards, "train")) {
      for await (const { label, sample } of pairs(shard)) {
        labels.add(label);
        yield sample;
      }
    }
    requireNoGap(name, labels);
    for (const shard of sequence(name, shards, "test")) {
      for await (const { label, sample } of pairs(shard)) {
        if (!labels.has(label)) {
          const fix = `the train shards' go from 0 to ${labels.size - 1}`;
          throw new DatasetError(`has label ${label}`, { file: sample.file, offset: sample.offset, fix });
        }
        yield sample;
      }
    }
  },
  decode: decodeImage,
});

/** The shards of a part in their order, which must count from 0 without a gap. */
function sequence(name: string, shards: readonly Shard[], part: Part): Shard[] {
  const own = shards.filter((shard) => shard.part === part).sort((a, b) => a.number - b.number);
  if (own.length === 0) {
    throw new DatasetError(`has no ${part === "train" ? "train" : "val, validation or test"} shards`, {
      file: name,
      fix: "add them",
    });
  }
  const gap = own.findIndex(({ number }, index) => number !== index);
  if (gap >= 0) {
    throw new DatasetError(`stands where number ${gap} is expected`, {
      file: (own[gap] as Shard).file,
      fix: "a shard is missing or there twice",
    });
  }
  return own;
}

function requireNoGap(name: string, labels: ReadonlySet<number>): void {
  if (labels.size === 0) throw new DatasetError("the train shards hold no images", { file: name, fix: "add some" });
  for (let label = 0; label < labels.size; label++) {
    if (!labels.has(label)) {
      throw new DatasetError(`no train image has label ${label}, but labels go to ${Math.max(...labels)}`, {
        file: name,
        fix: "labels count from 0 without a gap: add images or number them anew",
      });
    }
  }
}

interface Member {
  key: string;
  kind: "image" | "label";
}

/** A key is the path up to the first dot of its last step, as WebDataset has it. */
function memberOf(path: string, at: { file: string; offset: number }): Member | undefined {
  const [, key, extension] = /^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(requirePlainPath(path, at)) ?? [];
  if (key === undefined || extension === undefined) return undefined;
  if (/^(jpe?g|png)$/i.test(extension)) return { key, kind: "image" };
  return extension === "cls" ? { key, kind: "label" } : undefined;
}

/** A shard's images with their labels, which lie next to each other in either order. */
async function* pairs({ file, part }: Shard): AsyncGenerator<{ label: number; sample: SampleBytes }> {
  let waiting: Entry<Member> | undefined;
  for await (const entry of archiveEntries(file, memberOf)) {
    if (waiting === undefined) {
      waiting = entry;
      continue;
    }
    const { key, kind } = entry.accepted;
    if (waiting.accepted.key !== key || waiting.accepted.kind === kind) throw alone(waiting, file);
    const [image, labeled] = kind === "image" ? [entry, waiting] : [waiting, entry];
    const label = labelOf(labeled, file);
    const name = `${part}/${`${label}`.padStart(5, "0")}/${key}`;
    const { accepted: _, path, ...sample } = image;
    yield { label, sample: { ...sample, name, file: `${file}:${path}` } };
    waiting = undefined;
  }
  if (waiting) throw alone(waiting, file);
}

const alone = ({ accepted, path, offset }: Entry<Member>, file: string): DatasetError =>
  new DatasetError(`${path} has no ${accepted.kind === "image" ? "label .cls" : "image"} next to it`, {
    file,
    offset,
    fix: "pack both beside each other",
  });

function labelOf({ bytes, path, offset }: Entry<Member>, file: string): number {
  const text = Buffer.from(bytes.subarray(0, 16)).toString("latin1").trim();
  if (!/^\d{1,5}$/.test(text)) {
    throw new DatasetError(`${basename(path)} holds ${JSON.stringify(text)}`, {
      file,
      offset,
      fix: "a label is a whole number of at most 5 digits",
    });
  }
  return Number(text);
}
