import { decodeImage } from "../decode.ts";
import type { Part, SampleBytes } from "../source.ts";
import type { FileTree, TreeFile } from "../tree/file-tree.ts";
import { type LeftOut, type Plan, TallyCount } from "./layout.ts";

/** An image file and what it is. */
export interface ImageRecord {
  readonly path: string;
  readonly part: Part;
  readonly label: string;
  /** Of the sample, within its class. */
  readonly name: string;
}

const readable = /\.(jpe?g|jpe|png|webp)$/i;
/** Images to people, and not read here. */
const otherImages = /\.(bmp|gif|tiff?|ppm|pgm|heic|avif|svg|jp2|jxl)$/i;

/** Why a file is no image that is read; null where its name is one's. */
export function notAnImage(file: string): string | null {
  if (readable.test(file)) return null;
  const [, extension] = otherImages.exec(file) ?? [];
  return extension ? `.${extension.toLowerCase()} is not read: convert it to PNG` : "no image";
}

/** The plan of images that lie in files of their own. */
export function imageFilesPlan(tree: FileTree, records: readonly ImageRecord[], leftOut: readonly LeftOut[]): Plan {
  return {
    leftOut,
    decode: decodeImage,
    async count() {
      const tally = new TallyCount();
      for (const { part, label } of records) tally.add(part, label);
      return { classes: tally.classes, share: 1 };
    },
    samples: () => samplesOf(tree, records),
    some: (count) => samplesOf(tree, spread(records, count)),
  };
}

async function* samplesOf(tree: FileTree, records: readonly ImageRecord[]): AsyncGenerator<SampleBytes> {
  let byPath: ReadonlyMap<string, ImageRecord> | undefined; // made only where files come in an order of their own
  let next = 0;
  for await (const file of tree.readAll(records.map(({ path }) => path))) {
    const expected = records[next++];
    if (expected?.path === file.path) yield sampleOf(file, expected);
    else {
      byPath ??= new Map(records.map((record) => [record.path, record]));
      yield sampleOf(file, byPath.get(file.path) as ImageRecord);
    }
  }
}

const sampleOf = ({ path: _, ...file }: TreeFile, { part, label, name }: ImageRecord): SampleBytes => ({
  ...file,
  name: `${part}/${label}/${name}`,
});

/** So many of them, evenly. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}
