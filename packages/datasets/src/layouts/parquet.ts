import { decodeImage } from "../decode.ts";
import { DatasetError, reason } from "../errors.ts";
import { maxSampleBytes, type Part, type SampleBytes } from "../source.ts";
import type { FileTree } from "../tree/file-tree.ts";
import { first, type Layout, labelName, PassedOver, type Plan, type PlanChoices, TallyCount } from "./layout.ts";
import type { TableFacts } from "./parquet-thread.ts";
import { parquetThread } from "./parquet-thread-handle.ts";
import { partsOf, type SplitName, splitNameIn, valLeftOut } from "./parts.ts";

/**
 * Tables as data hubs ship them: `train-00000-of-00002.parquet` and `test-…`, also in a folder `data`, with a column of encoded
 * images ({bytes, path} or bytes) and one of labels (numbers, called by the names that the file's own notes give, or texts).
 * Plans throw DatasetError naming the file.
 * @param seconds that a group of rows may take: a broken table can keep the library counting
 */
export const parquetWithin = (seconds: number): Layout => ({
  title: "Parquet with images and labels (train-00000-of-00001.parquet with test-… or validation-…)",
  async detect(tree) {
    const tables = (await tree.list("")).flatMap(({ name }) => tableOf(name) ?? []);
    if (tables.length === 0) return null;
    if ((await tree.local((tables[0] as Table).path)) === null)
      return { lacks: "a folder of its own: tables in an archive are not read" };
    const splits = new Set(tables.map(({ split }) => split));
    if (!splits.has("train")) return { lacks: "train-….parquet" };
    if (splits.size === 1) return { lacks: "test-….parquet or validation-….parquet" };
    return { plan: (choices) => planTables({ ...tree, seconds }, tables, choices) };
  },
});

/** A group of rows of the largest size is unpacked in a tenth of that. */
export const parquet = parquetWithin(60);

/** With how long one answer of the reading thread may take. */
type PatientTree = FileTree & { readonly seconds: number };

interface Table {
  readonly path: string;
  readonly split: SplitName;
}

const named = /^(.+?)(?:-(\d+)-of-(\d+))?\.parquet$/;

function tableOf(path: string): Table | null {
  const [, stem] = named.exec(path) ?? [];
  const split = stem === undefined ? null : splitNameIn(stem.split(/[-_.]/));
  return split ? { path, split } : null;
}

/** @throws DatasetError where one of those that are numbered `of` so many is missing */
function requireAllOf(root: string, tables: readonly Table[]): void {
  const sets = new Map<string, { nameOf: (number: number) => string; of: number; numbers: Set<number> }>();
  for (const { path } of tables) {
    const [, stem, number, of] = named.exec(path) ?? [];
    if (number === undefined) continue;
    const nameOf = (each: number) => `${stem}-${`${each}`.padStart(number.length, "0")}-of-${of}.parquet`;
    const set = sets.get(nameOf(0)) ?? { nameOf, of: Number(of), numbers: new Set() };
    set.numbers.add(Number(number));
    sets.set(nameOf(0), set);
  }
  for (const { nameOf, of, numbers } of sets.values()) {
    const first = numbers.has(of) ? 1 : 0; // some count from 1
    let next = first;
    while (numbers.has(next)) next++;
    if (next < first + of) throw new DatasetError(`lacks ${nameOf(next)}`, { file: root, fix: "fetch it, too" });
  }
}

/** How columns are called. */
const columns = {
  image: ["image", "img", "images"],
  label: ["label", "labels", "fine_label", "class", "target", "cls"],
} as const;

interface OpenTable {
  readonly part: Part;
  readonly path: string;
  readonly image: string;
  readonly label: string;
  /** Of rows. */
  readonly groups: number;
  /** Class names by label, where the table says them. */
  readonly names: readonly string[] | null;
}

async function planTables(tree: PatientTree, tables: readonly Table[], { validation }: PlanChoices): Promise<Plan> {
  const passed = new PassedOver();
  const parts = partsOf(new Set(tables.map(({ split }) => split)), validation, { root: tree.root, of: "tables" });
  const opened: OpenTable[] = [];
  for (const [split, part] of parts) {
    const own = tables.filter((table) => table.split === split);
    if (part !== null) requireAllOf(tree.root, own);
    for (const { path } of own) {
      if (part === null) passed.add(path, valLeftOut);
      else opened.push(await openTable(tree, path, part));
    }
  }
  const names = namesOfAll(tree, opened);
  const samples = () => samplesOf(tree, opened, names);
  return {
    leftOut: passed.list,
    samples,
    some: (count) => first(samples(), count),
    decode: decodeImage,
    async count() {
      const tally = new TallyCount();
      for (const table of opened)
        for await (const { values } of rowsOf(tree, table, [table.label]))
          tally.add(table.part, classOf(values[0], names, tree, table));
      return { classes: tally.classes, share: 1 };
    },
  };
}

async function openTable(tree: PatientTree, path: string, part: Part): Promise<OpenTable> {
  const { facts } = await asked(tree, path, { want: "facts" });
  const image = columns.image.find((name) => facts.columns.includes(name));
  const label = columns.label.find((name) => facts.columns.includes(name));
  if (!image || !label)
    throw new DatasetError(`has the columns ${facts.columns.slice(0, 8).join(", ").slice(0, 200)}`, {
      file: tree.place(path),
      fix: "call the column of images `image` and that of labels `label`",
    });
  return { part, path, image, label, groups: facts.groups, names: namesIn(facts, label) };
}

/** The names of classes that data hubs note beside the schema. */
function namesIn({ notes }: TableFacts, label: string): string[] | null {
  const text = notes.huggingface;
  try {
    const names = text && JSON.parse(text)?.info?.features?.[label]?.names;
    return Array.isArray(names) && names.every((name) => typeof name === "string" && isClassName(name)) ? names : null;
  } catch {
    return null; // notes of another kind
  }
}

/** @throws DatasetError where two tables call their classes by other names, or number them in another order */
function namesOfAll(tree: FileTree, tables: readonly OpenTable[]): readonly string[] | null {
  const [first, ...others] = tables.filter(({ names }) => names !== null);
  const other = others.find(({ names }) => JSON.stringify(names) !== JSON.stringify(first?.names));
  if (first && other)
    throw new DatasetError(`names its classes otherwise than ${first.path}, or in another order`, {
      file: tree.place(other.path),
      fix: "take the tables of one data set, or write them anew with the same names",
    });
  return first?.names ?? null;
}

const isClassName = (name: string): boolean => /^[^\p{C}/\\.][^\p{C}/\\]{0,63}$/u.test(name);

async function* samplesOf(
  tree: PatientTree,
  tables: readonly OpenTable[],
  names: readonly string[] | null,
): AsyncGenerator<SampleBytes> {
  const numbers = { train: 0, validation: 0, test: 0 };
  for (const table of tables) {
    const file = tree.place(table.path);
    for await (const { values, row } of rowsOf(tree, table, [table.image, table.label])) {
      const [image, label] = values;
      const bytes = bytesOf(image);
      if (!bytes)
        throw new DatasetError(`row ${row} holds no image`, { file, fix: "write the table with the images in it" });
      const number = `${numbers[table.part]++}`.padStart(7, "0");
      yield { name: `${table.part}/${classOf(label, names, tree, table)}/${number}`, bytes, file: `${file}:${row}` };
    }
  }
}

function bytesOf(image: unknown): Uint8Array | null {
  const bytes = image instanceof Uint8Array ? image : (image as { bytes?: unknown } | null)?.bytes;
  return bytes instanceof Uint8Array && bytes.length > 0 && bytes.length <= maxSampleBytes ? bytes : null;
}

function classOf(label: unknown, names: readonly string[] | null, tree: FileTree, { path }: OpenTable): string {
  const number = typeof label === "bigint" ? Number(label) : label;
  if (Number.isInteger(number) && (number as number) >= 0 && (number as number) < 65_536)
    return names?.[number as number] ?? labelName(number as number, 5);
  if (typeof label === "string" && isClassName(label)) return label;
  throw new DatasetError(`holds the label ${String(label).slice(0, 40)}`, {
    file: tree.place(path),
    fix: "a label is a whole number or a short name; -1 says that a part has none: move it away",
  });
}

async function* rowsOf(
  tree: PatientTree,
  { path, groups }: OpenTable,
  columns: readonly string[],
): AsyncGenerator<{ values: unknown[]; row: number }> {
  let row = 0;
  for (let group = 0; group < groups; group++) {
    const { rows } = await asked(tree, path, { want: "rows", group, columns });
    for (const values of rows) yield { values, row: row++ };
  }
}

type Wanted = { want: "facts" } | { want: "rows"; group: number; columns: readonly string[] };
type Given = { facts: TableFacts } & { rows: unknown[][] };

async function asked(tree: PatientTree, path: string, wanted: Wanted): Promise<Given> {
  const file = (await tree.local(path)) as string;
  try {
    return (await parquetThread.ask({ file, ...wanted }, tree.seconds)) as Given;
  } catch (error) {
    throw new DatasetError(`is no Parquet that can be read (${reason(error)})`, {
      file: tree.place(path),
      fix: "fetch it again",
      cause: error,
    });
  }
}
