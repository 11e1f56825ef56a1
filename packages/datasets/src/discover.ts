import { readdir, readlink, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DatasetError, UnknownLayout, unreadable } from "./errors.ts";
import { layouts, type Recognized, recognize } from "./layouts/index.ts";
import { plannedSource } from "./layouts/layout.ts";
import { shardOf } from "./layouts/web-dataset.ts";
import { archiveName, datasetName, namePattern, pairOf } from "./names.ts";
import { type DatasetSettings, settingsOf, withSettings } from "./settings.ts";
import type { DatasetSource } from "./source.ts";
import { tarSource } from "./tar.ts";
import { type FileTree, pick } from "./tree/file-tree.ts";
import { folderTree } from "./tree/folder-tree.ts";
import { openArchive } from "./tree/open-archive.ts";
import { unusableSource } from "./unusable.ts";

/** A data set that was found, and how it is read once it is known what is said of it beside. */
interface Candidate {
  readonly name: string;
  open(settings: DatasetSettings): DatasetSource;
}

/**
 * Data sets in the given folders, in that order; of two with one name the first is taken, and before an archive, which may turn
 * out to be none, anything else:
 * - a folder, or an archive (`.zip`, `.tar`, packed or not) or `.npz`, of any layout that `layouts/index.ts` knows;
 * - `NAME-train.tar.gz` with `NAME-val.tar.gz`;
 * - WebDataset shards `NAME-train-000000.tar`, … with `NAME-val-000000.tar`, …
 *
 * Images are brought to one size where `NAME.preprocess.json` or the literature says how. A folder that does not exist
 * holds no data set. One that is broken keeps its place in the list: reading it throws what is wrong with it.
 */
export async function discoverDatasets(folders: readonly string[]): Promise<DatasetSource[]> {
  const all: DatasetSource[] = [];
  for (const folder of folders) all.push(...(await sourcesIn(folder)));
  const sure = new Set(
    all.filter(({ unusable, isPerhapsNone }) => !unusable && !isPerhapsNone).map(({ name }) => name),
  );
  const taken = new Set<string>();
  return all.filter(({ name, unusable, isPerhapsNone }) => {
    if (taken.has(name) || (isPerhapsNone && sure.has(name))) return false;
    if (!unusable) taken.add(name);
    return true;
  });
}

async function sourcesIn(folder: string): Promise<DatasetSource[]> {
  const names = await namesIn(folder);
  if (names === null) return [];
  if (names instanceof DatasetError) return [unusableSource(basename(folder), names)];
  if (isLayout(names)) return [unusableSource(basename(folder), itselfADataset(folder))];
  const candidates = [
    ...pairsIn(folder, names),
    ...shardsIn(folder, names),
    ...summarizeUnusable(folder, await foldersIn(folder, names)),
    ...(await filesIn(folder, names)),
  ];
  if (candidates.length === 0) {
    const nothing = unknownLayout(folder, { names, nearest: null });
    return [unusableSource(basename(folder), nothing)];
  }
  return Promise.all(candidates.map((candidate) => opened(folder, names, candidate)));
}

/** Null where there is no folder. */
async function namesIn(folder: string): Promise<string[] | DatasetError | null> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    return unreadable(folder, error, "create it");
  }
}

async function opened(folder: string, names: readonly string[], { name, open }: Candidate): Promise<DatasetSource> {
  try {
    const settings = await settingsOf(folder, names, name);
    return withSettings(open(settings), settings);
  } catch (error) {
    return unusableSource(name, error);
  }
}

const broken = (name: string, error: unknown): Candidate & { broken: true } => ({
  name,
  open: () => unusableSource(name, error),
  broken: true,
});

function pairsIn(folder: string, names: readonly string[]): Candidate[] {
  return names.flatMap((file): Candidate[] => {
    const pair = pairOf(file);
    if (!pair) return [];
    const { name, half, train, val } = pair;
    const missing = [train, val].find((each) => !names.includes(each));
    if (missing) {
      const fix = "add it or move this file away";
      return [broken(name, new DatasetError(`${missing} is missing beside it`, { file: join(folder, file), fix }))];
    }
    return half === "train" ? [{ name, open: () => tarSource(name, [join(folder, train), join(folder, val)]) }] : [];
  });
}

function shardsIn(folder: string, names: readonly string[]): Candidate[] {
  const byName = new Map<string, string[]>();
  for (const file of names) {
    const { dataset } = shardOf(file) ?? {};
    if (dataset && new RegExp(`^${namePattern}$`).test(dataset))
      byName.set(dataset, [...(byName.get(dataset) ?? []), file]);
  }
  return [...byName].map(([name, files]) => {
    const tree = pick(folderTree(folder), files, name);
    const open = (settings: DatasetSettings) =>
      plannedSource(name, tree, async () => (await requireLayout(tree)).plan(settings));
    return { name, open };
  });
}

/** Folders that are told one by one; more, such as the classes of a data set, are told as one. */
const maxReported = 10;

function summarizeUnusable(folder: string, found: readonly (Candidate & { broken?: true })[]): Candidate[] {
  const names = found.filter((candidate) => candidate.broken).map(({ name }) => name);
  if (names.length <= maxReported) return [...found];
  const error = new DatasetError(`holds ${names.length} folders that are no data sets: ${summary(names)}`, {
    file: folder,
    fix: "name the folder that holds the data sets, or move these away",
  });
  return [...found.filter((candidate) => !candidate.broken), broken(basename(folder), error)];
}

/** Folders, and links that lead to one or nowhere: whoever put one here meant a data set. */
async function foldersIn(folder: string, names: readonly string[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const candidates = names.filter(
    (name) => new RegExp(`^${namePattern}$`).test(name) && !/\.(tar|gz|json)$/.test(name),
  );
  for (const entry of candidates) {
    const name = datasetName(entry);
    try {
      if (await isFolder(join(folder, entry))) found.push(await recognizedIn(name, folderTree(join(folder, entry))));
    } catch (error) {
      found.push(broken(name, error));
    }
  }
  return found;
}

/** @throws DatasetError on a link that leads nowhere, and on what cannot be looked at */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const target = await readlink(path).catch(() => null);
    if (target === null) throw unreadable(path, error, "put it back");
    throw new DatasetError(`is a link to ${target}, which cannot be reached`, {
      file: path,
      fix: "restore what it leads to, or remove the link",
      cause: error,
    });
  }
}

/** @throws DatasetError saying what was found instead */
async function recognizedIn(name: string, tree: FileTree): Promise<Candidate> {
  const recognized = await requireLayout(tree);
  return { name, open: (settings) => plannedSource(name, tree, () => recognized.plan(settings)) };
}

export async function requireLayout(tree: FileTree): Promise<Extract<Recognized, { plan: unknown }>> {
  const recognized = await recognize(tree);
  if ("plan" in recognized) return recognized;
  throw unknownLayout(tree.root, { names: (await tree.list("")).map(({ name }) => name), ...recognized });
}

/** Archives and arrays that hold a data set each. What is no archive inside is somebody's file, and none of ours. */
async function filesIn(folder: string, names: readonly string[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const file of names) {
    const name = pairOf(file) || shardOf(file) ? null : archiveName(file);
    if (name === null || !(await isPerhapsFile(join(folder, file)))) continue;
    try {
      found.push(archived(name, await openArchive(join(folder, file))));
    } catch (error) {
      if (!(error instanceof UnknownLayout)) found.push(broken(name, error));
    }
  }
  return found;
}

/** Not where a link leads nowhere, which is told with the folders; what else cannot be looked at is told when it is opened. */
const isPerhapsFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );

/** Looked into only when it is read: a packed archive must be unpacked to see what it holds. */
const archived = (name: string, tree: FileTree): Candidate => ({
  name,
  open: (settings) => ({
    ...plannedSource(name, tree, async () => (await requireLayout(tree)).plan(settings)),
    isPerhapsNone: true,
  }),
});

/** Whether names are those of a data set's own parts. */
const isLayout = (names: readonly string[]): boolean =>
  names.includes("data_batch_1.bin") ||
  names.includes("train.bin") ||
  (names.includes("train") && (names.includes("val") || names.includes("test")));

const itselfADataset = (folder: string): DatasetError =>
  new DatasetError("is a data set itself, not a folder of data sets", {
    file: folder,
    fix: `name the folder that holds it, ${dirname(resolve(folder))}`,
  });

const knownLayouts = [
  ...[...layouts.slice(-1), ...layouts.slice(0, -1)].map(({ title }) => title),
  "any of these in a .zip or .tar",
  "NAME-train.tar.gz with NAME-val.tar.gz",
].join("; ");

export function unknownLayout(
  root: string,
  { names, nearest }: { names: readonly string[] } & Exclude<Recognized, { plan: unknown }>,
): UnknownLayout {
  const near = nearest ? `nearest is ${nearest.layout.title}, but it lacks ${nearest.lacks}. ` : "";
  return new UnknownLayout(`holds no data set that is known here, but ${summary(names)}`, {
    file: root,
    fix: `${near}${near ? "Known" : "known"} are: ${knownLayouts}. Bring it to one of them or move it away`,
  });
}

/** `a, b, c and 12 more` */
function summary(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const [shown, more] = [names.slice(0, 5).join(", "), names.length - 5];
  return more > 0 ? `${shown} and ${more} more` : shown;
}
