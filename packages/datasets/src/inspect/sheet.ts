import { BrokenImage } from "../broken-images.ts";
import type { Plan } from "../layouts/layout.ts";
import { sheetOf, sheetSize, tileOf, withNames } from "../sheet.ts";
import { classOf, type Pixels } from "../source.ts";

/** A picture of a data set: a row of images for each class, which its name begins. */
export interface ContactSheet {
  readonly png: Uint8Array;
  /** Of the rows, from the top. */
  readonly classes: readonly string[];
}

/** Images looked at for one that is shown, before all are gone through. */
const looksEach = 4;
/** Milliseconds after which rows stay as they are. */
const patienceMs = 8_000;

/** The first classes by name, with some images of each, as far as they are met among those looked at. */
export async function contactSheet(plan: Plan): Promise<ContactSheet> {
  const { classes } = await plan.count();
  const shown = [...classes.keys()].sort().slice(0, sheetSize.classes);
  const rows = shown.map((): Pixels[] => []);
  const placedNames = new Set<string>();
  const until = performance.now() + patienceMs;
  for await (const sample of inTurn(plan, classes.size * sheetSize.ofEach * looksEach)) {
    if (performance.now() > until) break;
    const row = rows[shown.indexOf(classOf(sample.name))];
    if (!row || row.length === sheetSize.ofEach || placedNames.has(sample.name)) continue;
    const pixels = await plan.decode(sample).catch((error: unknown) => {
      if (error instanceof BrokenImage) return null;
      throw error;
    });
    if (!pixels) continue;
    row.push(await tileOf(pixels)); // a tile is held, where an image may have megabytes
    placedNames.add(sample.name);
    if (rows.every(({ length }) => length === sheetSize.ofEach)) break;
  }
  return { png: await withNames(await sheetOf(rows), shown), classes: shown };
}

/** Some, then all: the first of an archive whose images are sorted by class are of one class. */
async function* inTurn(plan: Plan, some: number) {
  yield* plan.some(some);
  yield* plan.samples();
}
