import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fullVariant, ReluctantError, type StageRun, sha256Schema } from "@reluctant/contracts";
import { type MaskFigure, type MaskUpdate, maskFigure, maskSvg, maskUpdates } from "@reluctant/plot";
import { renderMasks } from "@reluctant/plot/terminal";
import type { Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { print, printJson, write } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { singleLine } from "../terminal/text.ts";

interface Flags extends ConnectionFlags {
  variant: string;
  out?: string;
  json?: true;
}

/** Which masks are meant, and how the search came to them. */
interface Chosen {
  sha256: string;
  title: string;
  updates: MaskUpdate[];
}

export const masks = (program: Command): Command =>
  withConnection(
    program
      .command("masks <id>")
      .description(
        "where a network keeps its ReLUs, layer by layer: by the id of its stage run, or its artifact's hash",
      )
      .option("--variant <name>", "of several results the one of this budget or width", fullVariant)
      .option("--out <folder>", "also write masks.svg and masks.png there")
      .option("--json", "print the maps and the updates as JSON"),
  ).action(async (id: string, flags: Flags) => {
    const client = await connect(flags);
    const chosen = sha256Schema.safeParse(id).success ? imported(id) : await ofStageRun(client, id, flags.variant);
    const maps = await client.artifacts.maskMaps(chosen.sha256);
    if (flags.json) {
      printJson({ ...maps, updates: chosen.updates });
      return;
    }
    const figure = maskFigure(maps, { ...chosen, title: `${maps.model} · ${chosen.title}` });
    write(masksText(figure, process.stdout.columns));
    if (flags.out === undefined) return;
    const paths = await writeMasks(figure, flags.out);
    print(`wrote ${paths.join(" and ")}`);
  });

const imported = (sha256: string): Chosen => ({ sha256, title: `masks ${sha256.slice(0, 8)}`, updates: [] });

async function ofStageRun(client: Client, id: string, variant: string): Promise<Chosen> {
  const run = await client.stageRuns.get(id);
  const made = run.artifacts.filter(({ role }) => role === "masks");
  if (made.length === 0)
    throw new ReluctantError("not-found", `${run.kind} ${id} has made no masks; mask searches and distillations do`);
  const artifact = made.find((one) => one.variant === variant);
  if (!artifact) {
    const names = made.map((one) => one.variant).join(", ");
    throw new ReluctantError("invalid-request", `--variant ${variant}: ${run.kind} ${id} has ${names}`);
  }
  const named = variant === fullVariant ? "" : `, ${variant}`;
  const title = `${run.implementation}, seed ${run.seed}${named}`;
  return { sha256: artifact.sha256, title, updates: await updatesOf(client, run, variant) };
}

/** Of the search itself, or of the one that a distillation builds on. */
async function updatesOf(client: Client, run: StageRun, variant: string): Promise<MaskUpdate[]> {
  if (run.result?.kind === "mask-search" && run.params.kind === "mask-search")
    return maskUpdates(run.result, run.params, variant);
  const student = run.inputs.find(({ name }) => name === "student");
  if (variant !== fullVariant || !student?.stageRunId) return []; // a narrower network's channels were not compared
  return updatesOf(client, await client.stageRuns.get(student.stageRunId), student.variant);
}

const dotKey = "The denser the dots, the more channels keep their ReLU there, up to the layer's most.";

function masksText(figure: MaskFigure, columns = 80): string {
  const [titles, rows] = [figure.table.columns, figure.table.rows];
  const aligned = titles.map((title, i) => ({ title: title.toLowerCase(), align: i > 1 ? "right" : "left" }) as const);
  const head = `${singleLine(figure.title)}\n${figure.sentence}\n`;
  return `${head}\n${table(aligned, rows)}\n\n${dotKey}\n\n${renderMasks(figure, { width: Math.min(120, columns) })}`;
}

/** Twice the drawing's size, for screens with small pixels and for print. */
const pngDensity = 144;

async function writeMasks(figure: MaskFigure, folder: string): Promise<string[]> {
  const { default: sharp } = await import("sharp"); // native code: only for whoever wants the files
  const svg = maskSvg(figure);
  const files: [string, string | Uint8Array][] = [
    ["masks.svg", svg],
    ["masks.png", await sharp(Buffer.from(svg), { density: pngDensity }).png().toBuffer()],
  ];
  await mkdir(folder, { recursive: true });
  const paths = files.map(([name]) => join(folder, name));
  await Promise.all(files.map(([, contents], i) => writeFile(paths[i] as string, contents)));
  return paths;
}
