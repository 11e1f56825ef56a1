import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Duplicates, duplicatesBetweenSplits } from "./leaks.ts";
import type { Manifest } from "./manifest.ts";
import type { DatasetReader } from "./reader.ts";
import { sheetOf, sheetSize, tileOf } from "./sheet.ts";
import type { Pixels } from "./source.ts";
import { type Split, splits } from "./split.ts";

/** What reading every image told of a data set, kept beside what was prepared. */
export interface PreparationFacts {
  readonly duplicates: readonly Duplicates[];
  readonly broken: { readonly images: number; readonly examples: readonly { file: string; reason: string }[] };
}

export const factsFile = "facts.json";
const sheetFile = "sheet.webp";
const brokenShown = 100;

export const factsOf = ({ samples, broken = [] }: Manifest): PreparationFacts => ({
  duplicates: duplicatesBetweenSplits(samples),
  broken: {
    images: broken.length,
    examples: broken.slice(0, brokenShown).map(({ file, reason }) => ({ file, reason })),
  },
});

/** What people are shown of a prepared data set. */
export interface DatasetCardFacts {
  readonly classes: readonly ({ readonly name: string } & Readonly<Record<Split, number>>)[];
  /** Null where an earlier version prepared it, which did not keep them. */
  readonly preparation: PreparationFacts | null;
  /** Rows of images as WebP; its first is that of the first class. */
  readonly sheet: Uint8Array;
}

/** @param folder where it lies prepared: the sheet is kept there */
export async function cardOf(reader: DatasetReader, folder: string): Promise<DatasetCardFacts> {
  const facts = await readFile(join(folder, factsFile), "utf8").catch(() => null);
  const sheet = await readFile(join(folder, sheetFile)).catch(() => keptSheet(reader, join(folder, sheetFile)));
  return { classes: classCounts(reader), preparation: facts && JSON.parse(facts), sheet };
}

function classCounts({ classes, labels }: DatasetReader): DatasetCardFacts["classes"] {
  const counts = classes.map((name) => ({ name, train: 0, validation: 0, test: 0 }));
  for (const split of splits)
    for (const label of labels(split)) {
      const count = counts[label];
      if (count) count[split]++;
    }
  return counts;
}

async function keptSheet(reader: DatasetReader, file: string): Promise<Uint8Array> {
  const rows = reader.classes.slice(0, sheetSize.classes).map(() => [] as number[]);
  for (const [index, label] of reader.labels("train").entries()) {
    const row = rows[label];
    if (row && row.length < sheetSize.ofEach) row.push(index);
  }
  const [height, width, channels] = reader.inputShape;
  const each = height * width * channels;
  const tiles = await Promise.all(
    rows.map(async (indices): Promise<Pixels[]> => {
      const { images } = await reader.batch("train", Uint32Array.from(indices));
      return Promise.all(
        indices.map((_, i) =>
          tileOf({ data: images.subarray(i * each, (i + 1) * each), shape: [height, width, channels] }),
        ),
      );
    }),
  );
  const sheet = await (await sheetOf(tiles)).webp({ quality: 85 }).toBuffer();
  await writeFile(`${file}.${process.pid}`, sheet);
  await rename(`${file}.${process.pid}`, file);
  return sheet;
}
