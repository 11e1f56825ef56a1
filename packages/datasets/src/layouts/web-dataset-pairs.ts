import { basename } from "node:path";
import { DatasetError } from "../errors.ts";
import { requirePlainPath, type SampleBytes } from "../source.ts";
import type { Entry } from "../tree/archive.ts";

/** A file of a shard: what belongs together shares the path up to the last dot. */
export interface Member {
  readonly key: string;
  readonly kind: "image" | "cls" | "json" | "txt";
}

/** Undefined for what is neither an image nor a label. */
export function memberOf(path: string, at: { file: string; offset: number }): Member | undefined {
  const [, key, extension] = /^((?:.*\/)?[^/]*[^/.][^/]*)\.([^/.]+)$/.exec(requirePlainPath(path, at)) ?? [];
  if (key === undefined || extension === undefined || basename(path).startsWith(".")) return undefined;
  if (/^(jpe?g|png|webp)$/i.test(extension)) return { key, kind: "image" };
  return extension === "cls" || extension === "json" || extension === "txt" ? { key, kind: extension } : undefined;
}

export interface Labeled {
  readonly key: string;
  /** The class's name: of a number, five digits. */
  readonly label: string;
  readonly image: Omit<SampleBytes, "name">;
}

type Group = Partial<Record<Member["kind"], Entry<Member>>> & { readonly key: string };

/** A shard's images with their labels, which lie next to each other in any order. */
export async function* labeledImages(entries: AsyncIterable<Entry<Member>>, file: string): AsyncGenerator<Labeled> {
  let group: Group | undefined;
  let complete: string | undefined; // the last key that was an image with its label
  for await (const entry of entries) {
    const { key, kind } = entry.accepted;
    if (group && (group.key !== key || group[kind])) {
      const labeled = closed(group, { before: complete, after: key }, file);
      if (labeled) yield labeled;
      complete = labeled?.key ?? complete;
      group = undefined;
    }
    group = { ...(group ?? { key }), [kind]: entry };
  }
  const last = group && closed(group, { before: complete, after: undefined }, file);
  if (last) yield last;
}

/**
 * What a group comes to; null for an image or text that belongs to a neighbor, as `1.seg.png` to `1.jpg`, and for notes
 * without an image.
 */
function closed(
  group: Group,
  near: { before: string | undefined; after: string | undefined },
  file: string,
): Labeled | null {
  const { key, image, cls, json, txt } = group;
  const label = (cls && numberOf(cls, file)) ?? (json && labelIn(json, file)) ?? (txt && labelOf(txt)) ?? null;
  if (image && label !== null) {
    const { accepted: _, path, ...sample } = image;
    return { key, label, image: { ...sample, file: `${file}:${path}` } };
  }
  const belongs = [near.before, near.after].some((other) => other !== undefined && key.startsWith(`${other}.`));
  if (belongs || (!image && !cls)) return null;
  throw alone((image ?? cls) as Entry<Member>, file);
}

const alone = ({ accepted, path, offset }: Entry<Member>, file: string): DatasetError =>
  new DatasetError(`${path} has no ${accepted.kind === "image" ? "label .cls" : "image"} next to it`, {
    file,
    offset,
    fix: "pack both beside each other; a label may be a number in KEY.cls, or in KEY.json as label, or KEY.txt",
  });

/** What a `.cls` holds. */
function numberOf({ bytes, path, offset }: Entry<Member>, file: string): string {
  const text = Buffer.from(bytes.subarray(0, 16)).toString("latin1").trim();
  if (!/^\d{1,5}$/.test(text)) {
    throw new DatasetError(`${basename(path)} holds ${JSON.stringify(text)}`, {
      file,
      offset,
      fix: "a label is a whole number of at most 5 digits",
    });
  }
  return numbered(text);
}

const numbered = (digits: string): string => digits.padStart(5, "0");

/** Fields in which people keep the class, in the order in which they are taken. */
const fields = ["label", "cls", "class", "class_id", "target", "category", "class_name"];
const mostJsonBytes = 2 ** 20;

function labelIn({ bytes, path, offset }: Entry<Member>, file: string): string | null {
  if (bytes.length > mostJsonBytes) return null;
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new DatasetError(`${basename(path)} is not JSON`, { file, offset, fix: "pack it anew", cause });
  }
  if (typeof values !== "object" || values === null) return className(values);
  const field = fields.find((each) => Object.hasOwn(values, each));
  return field === undefined ? null : className((values as Record<string, unknown>)[field]);
}

/** A caption is no label. */
const labelOf = ({ bytes }: Entry<Member>): string | null =>
  bytes.length <= 256 ? className(Buffer.from(bytes).toString("utf8").trim()) : null;

/** A whole number, or one line that can stand in a path. */
function className(value: unknown): string | null {
  const text = typeof value === "number" || typeof value === "string" ? `${value}`.trim() : "";
  if (/^\d{1,5}$/.test(text)) return numbered(text);
  const isName = text.length > 0 && text.length <= 64 && /^[^\p{C}/\\.][^\p{C}/\\]*$/u.test(text);
  return isName && Number.isNaN(Number(text)) ? text : null;
}
