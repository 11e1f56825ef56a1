import { writeFile } from "node:fs/promises";
import type { Inspection } from "@reluctant/datasets";
import { count } from "@reluctant/plot";
import type { Command } from "commander";
import { ContentError } from "../input-file.ts";
import { duration } from "../terminal/format.ts";
import { LiveLines } from "../terminal/live-lines.ts";
import { preparingLine } from "../terminal/preparing.ts";
import { print, printJson } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { bold, dim, joined, line, type Text, yellow } from "../terminal/text.ts";

interface Flags {
  deep?: true;
  sheet?: string;
  json?: true;
}

export const inspect = (datasets: Command): Command =>
  datasets
    .command("inspect <path>")
    .description(
      "what a folder or an archive holds: layout, splits, classes, sizes, and what would be left out; writes nothing",
    )
    .option("--deep", "read and decode every image, and tell those that are broken or occur in two splits")
    .option("--sheet <file>", "write a picture with a row of images for each class (PNG)")
    .action(async (path: string, _: unknown, command: Command) => {
      const { deep = false, sheet, json } = command.optsWithGlobals<Flags>();
      const readers = await import("@reluctant/datasets"); // and its codecs: only for whoever looks
      const inspection = await inspected(readers, path, deep);
      if (sheet !== undefined) await writeFile(sheet, (await readers.datasetSheet(path)).png);
      if (json) printJson(inspection);
      else print(inspectionText(inspection));
    });

async function inspected(
  { inspectDataset, DatasetError }: typeof import("@reluctant/datasets"),
  path: string,
  deep: boolean,
): Promise<Inspection> {
  const live = new LiveLines(process.stderr);
  try {
    return await inspectDataset(path, {
      deep,
      onProgress: ({ dataset: name, step, ...progress }) => {
        if (step !== "ready") live.draw([preparingLine({ name, step, ...progress })]);
      },
    });
  } catch (error) {
    throw error instanceof DatasetError ? new ContentError(error.message) : error;
  } finally {
    live.clear();
  }
}

export const inspectionText = (inspection: Inspection): Text =>
  joined([
    ...facts(inspection),
    ...leftOut(inspection),
    ...notes(inspection),
    ...deepLook(inspection),
    ...classes(inspection),
  ]);

function facts({
  name,
  path,
  layout,
  root,
  splits,
  counted,
  images,
  preprocessing,
  preparing,
  classes,
}: Inspection): Text[] {
  const about = counted < 1 ? "about " : "";
  const counts = (["train", "validation", "test"] as const).map((split) => `${about}${count(splits[split])} ${split}`);
  const rows: [string, Text][] = [
    ["layout", root === null ? layout : `${layout}, in ${root}`],
    ["images", `${counts.join(", ")}; ${count(classes.length)} classes`],
    ["sizes", sizes(images)],
    [
      "kinds",
      Object.entries(images.kinds)
        .map(([kind, of]) => `${kind} (${of})`)
        .join("; "),
    ],
    ["brought to", preprocessing ? scaling(preprocessing) : ""],
    ["preparing", preparing ? `${bytes(preparing.bytes)}, about ${duration(Math.max(1, preparing.seconds))}` : ""],
  ];
  const told = rows.filter(([, text]) => text !== "");
  return [line`${bold(name)}  ${path}`, ...told.map(([title, text]) => line`${dim(title.padEnd(10))}  ${text}`)];
}

function sizes({ shape, smallest, largest, looked }: Inspection["images"]): string {
  const from = `of ${looked} looked at`;
  if (shape) return `${shape[1]}×${shape[0]} (${from})`;
  return smallest && largest ? `${smallest[1]}×${smallest[0]} to ${largest[1]}×${largest[0]} (${from})` : "";
}

const scaling = ({ resize, crop, streamed }: NonNullable<Inspection["preprocessing"]>): string =>
  `${crop}×${crop}, the middle of the short side at ${resize}${streamed ? ", decoded at each use" : ""}`;

const units = ["bytes", "KB", "MB", "GB", "TB"];

/** `184 MB` */
function bytes(value: number): string {
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${count(Math.round(value / 1_000 ** unit))} ${units[unit]}`;
}

const leftOut = ({ leftOut }: Inspection): Text[] =>
  leftOut.map(({ why, count: of, example }) => line`${dim("left out  ")}  ${count(of)}, as ${example}: ${why}`);

const notes = ({ notes, images }: Inspection): Text[] => [
  ...notes.map((note) => yellow(note)),
  ...images.broken.slice(0, brokenShown).map(({ reason }) => line`  ${reason}`),
];

/** As many as of a first look; all are in `--json`. */
const brokenShown = 5;

function deepLook({ deep }: Inspection): Text[] {
  if (!deep) return [];
  const found = deep.duplicates.flatMap(({ between: [one, other], images, examples }) => [
    yellow(`${count(images)} images are both in ${one} and in ${other}, as`),
    ...examples.map(([first, second]) => line`  ${first} = ${second}`),
  ]);
  const broken = deep.broken.slice(0, brokenShown).map(({ reason }) => line`  ${reason}`);
  return [
    line`${dim("version   ")}  ${deep.version}`,
    ...(broken.length > 0
      ? [yellow(`${count(deep.broken.length)} images are broken and left out, as`), ...broken]
      : []),
    ...(found.length > 0 ? found : [line`${dim("leaks     ")}  no image occurs in two splits`]),
  ];
}

/** More are in `--json`. */
const classesShown = 20;

function classes({ classes }: Inspection): Text[] {
  const rows = classes
    .slice(0, classesShown)
    .map(({ name, train, validation, test }) => [name, ...[train, validation, test].map(count)]);
  const titles = ["train", "validation", "test"].map((title) => ({ title, align: "right" as const }));
  const more = classes.length > classesShown ? [`and ${count(classes.length - classesShown)} more classes`] : [];
  return ["", table([{ title: "class" }, ...titles], rows), ...more];
}
